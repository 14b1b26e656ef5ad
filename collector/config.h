/* gonogo.yaml (contracts.md) and the access to the API server that it leads to. */
#ifndef GONOGO_COLLECTOR_CONFIG_H
#define GONOGO_COLLECTOR_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "http.h"

struct arena;
struct error;

#define NAMESPACES_MAX 64

struct prometheus_config {
	const char *name, *url;
	const char *user, *password_file;		/* basic_auth */
	const char *credentials_file;			/* authorization */
	const char *ca_file;				/* tls_config */
	const char **headers;				/* http_headers, NULL-terminated "Name: value" */
};

struct config {
	const char *file;
	const char *cluster, *database;
	const char *kubeconfig, *context;		/* NULL: in-cluster, else $KUBECONFIG */
	size_t n_namespaces;
	const char *namespaces[NAMESPACES_MAX];
	struct prometheus_config prometheus;
	bool has_prometheus;
	const char *listen, *credentials_file;		/* listen NULL: no webhook */
	const char *criteria_file;			/* resolved against the file's folder; NULL: the defaults */
	const char *bytes;				/* the file's, for the row "configuration" */
	size_t len;
};

/* Errors name file, line and column. */
int config_load(struct config *out, const char *path, struct arena *arena, struct error *err);

/* Where the API server is and how to speak to it. Read again (kube_refresh) since tokens and certificates rotate. */
struct kube_config {
	const char *server;				/* "https://10.0.0.1:443", no slash at the end */
	struct http_access access;
	bool in_cluster;
};

int kube_config_load(struct kube_config *out, const struct config *config, struct arena *arena, struct error *err);

/* A whole file as a text in the arena, at most max bytes, without trailing white space if trim. */
int config_read_text(const char **out, const char *path, size_t max, bool trim, struct arena *arena, struct error *err);

#endif
