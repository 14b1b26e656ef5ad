/* A recording: one folder of a rollout's raw bytes, each .ndjson plain or compressed with xz (format: samples/README.md). */
#ifndef RECORDING_H
#define RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct json;

struct kube_row {
	int64_t t;
	const char *path;
	bool list;		/* a list's whole body; else one line of a watch */
	const char *body;
};

struct hook_row {
	int64_t t;
	const char *path;
	const struct json *headers;	/* name to value */
	const char *body;
};

struct prom_row {
	const char *query;	/* an expression, or a path of the API */
	const char *body;
};

/* All strings live as long as the recording. Times are ns since the epoch (exact to 256 ns: JSON numbers are doubles). */
struct recording {
	int64_t begin, end;
	const char *namespace_;
	const char *kubernetes;	/* the API server's version, "v1.34.2" */
	struct kube_row *kube;
	size_t n_kube, cap_kube;
	struct hook_row *hooks;
	size_t n_hooks, cap_hooks;
	struct prom_row *prom;
	size_t n_prom, cap_prom;
	struct json **lines;	/* what the strings above point into */
	size_t n_lines, cap_lines;
	struct arena *arena;
};

/* Reads recording.json, kubernetes, webhook and prometheus. Errors name the file, and the line. */
int recording_open(struct recording *out, const char *folder, struct error *err);
void recording_close(struct recording *recording);

#endif
