/* The API server's address and credentials: a pod's own files, or a kubeconfig (facts/kubernetes.md). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "gonogo/arena.h"
#include "gonogo/digest.h"
#include "gonogo/error.h"
#include "gonogo/yaml.h"

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"
#define FILE_MAX ((size_t)1024 * 1024)

static int in_cluster(struct kube_config *out, struct arena *arena, struct error *err)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");

	out->in_cluster = true;
	out->server = arena_printf(arena, strchr(host, ':') != NULL ? "https://[%s]:%s" : "https://%s:%s", host,
				   port == NULL ? "443" : port);
	out->access.ca_file = SERVICE_ACCOUNT "/ca.crt";
	return config_read_text(&out->access.token, SERVICE_ACCOUNT "/token", FILE_MAX, true, arena, err);
}

/* The entry of a list with that name; kubeconfig lists hold {name, KIND: {…}}. */
static const struct yaml_node *named(const struct yaml_node *root, const char *list, const char *name, const char *kind)
{
	const struct yaml_node *entries = yaml_get(root, list);

	for (size_t i = 0; entries != NULL && entries->kind == YAML_SEQUENCE && i < entries->n; i++) {
		const char *own = yaml_string(yaml_get(entries->items[i], "name"));

		if (own != NULL && name != NULL && strcmp(own, name) == 0)
			return yaml_get(entries->items[i], kind);
	}
	return NULL;
}

/* A file named in a kubeconfig: a relative name counts from the kubeconfig's own folder (kubectl's rule). */
static int read_beside(const char **out, const char *kubeconfig, const char *file, bool trim, struct arena *arena, struct error *err)
{
	const char *slash = strrchr(kubeconfig, '/');

	if (*file != '/' && slash != NULL)
		file = arena_printf(arena, "%.*s/%s", (int)(slash - kubeconfig), kubeconfig, file);
	return file == NULL ? error_nomem(err) : config_read_text(out, file, FILE_MAX, trim, arena, err);
}

/* KEY-data in base64, or KEY as a file. */
static int pem_of(const char **out, const struct yaml_node *node, const char *key, const char *kubeconfig, struct arena *arena,
		  struct error *err)
{
	char name[80];
	const char *data, *file;
	uint8_t *decoded;
	size_t n;

	(void)snprintf(name, sizeof name, "%s-data", key);
	data = yaml_string(yaml_get(node, name));
	file = yaml_string(yaml_get(node, key));
	if (data == NULL)
		return file == NULL ? 0 : read_beside(out, kubeconfig, file, false, arena, err);
	decoded = arena_alloc(arena, strlen(data) + 4);
	if (decoded == NULL)
		return error_nomem(err);
	if (base64_decode(decoded, &n, data) < 0)
		return error_code(err, ERR_SYNTAX, "kubeconfig: %s is no base64", name);
	decoded[n] = '\0';
	*out = (const char *)decoded;
	return 0;
}

static const char *dup_text(const struct yaml_node *node, struct arena *arena)
{
	return yaml_string(node) == NULL ? NULL : arena_strdup(arena, yaml_string(node));
}

static int read_user(struct kube_config *out, const struct yaml_node *user, const char *kubeconfig, struct arena *arena, struct error *err)
{
	const char *file = yaml_string(yaml_get(user, "tokenFile"));

	if (yaml_get(user, "exec") != NULL)
		return error_code(err, ERR_USAGE,
				  "kubeconfig: exec plugins are not run by a daemon: use a token, tokenFile or a client certificate");
	out->access.token = dup_text(yaml_get(user, "token"), arena);
	if (file != NULL && read_beside(&out->access.token, kubeconfig, file, true, arena, err) < 0)
		return -1;
	out->access.user = dup_text(yaml_get(user, "username"), arena);
	out->access.password = dup_text(yaml_get(user, "password"), arena);
	return pem_of(&out->access.certificate, user, "client-certificate", kubeconfig, arena, err) < 0 ||
			       pem_of(&out->access.key, user, "client-key", kubeconfig, arena, err) < 0
		       ? -1
		       : 0;
}

static int read_context(struct kube_config *out, const struct yaml_node *root, const char *kubeconfig, const char *wanted,
			struct arena *arena, struct error *err)
{
	const char *name = wanted != NULL ? wanted : yaml_string(yaml_get(root, "current-context"));
	const struct yaml_node *context = named(root, "contexts", name, "context");
	const struct yaml_node *cluster = named(root, "clusters", yaml_string(yaml_get(context, "cluster")), "cluster");
	const struct yaml_node *user = named(root, "users", yaml_string(yaml_get(context, "user")), "user");
	const char *server = yaml_string(yaml_get(cluster, "server"));
	static const char *const unsupported[] = { "tls-server-name", "proxy-url" };
	size_t n;
	bool skip = false;

	if (context == NULL)
		return error_code(err, ERR_NOT_FOUND, "kubeconfig: no context \"%.80s\"", name == NULL ? "" : name);
	if (server == NULL)
		return error_code(err, ERR_SYNTAX, "kubeconfig: context \"%.80s\" leads to no cluster with a server", name);
	/* Passed over in silence they would lead to another name, or past the proxy. */
	for (size_t i = 0; i < sizeof unsupported / sizeof unsupported[0]; i++)
		if (!yaml_is_null(yaml_get(cluster, unsupported[i])))
			return error_code(
				err, ERR_USAGE,
				"kubeconfig: `%s` is not supported: name the API server as its certificate does, reachable directly",
				unsupported[i]);
	n = strlen(server);
	while (n > 0 && server[n - 1] == '/')
		n--;
	out->server = arena_strndup(arena, server, n);
	out->access.insecure = yaml_bool(yaml_get(cluster, "insecure-skip-tls-verify"), &skip) && skip;
	if (out->access.insecure && strncmp(server, "https://127.", 12) != 0)
		return error_code(err, ERR_USAGE,
				  "kubeconfig: insecure-skip-tls-verify is allowed to loopback only: give certificate-authority");
	if (pem_of(&out->access.ca, cluster, "certificate-authority", kubeconfig, arena, err) < 0)
		return -1;
	return user == NULL ? 0 : read_user(out, user, kubeconfig, arena, err);
}

/* $KUBECONFIG may list several files; the first that holds the context is taken. */
static int from_file(struct kube_config *out, const char *path, const char *context, struct arena *arena, struct error *err)
{
	struct yaml yaml = { 0 };
	const char *text;
	int rc = -1;

	if (config_read_text(&text, path, FILE_MAX, false, arena, err) < 0)
		return -1;
	if (yaml_parse(&yaml, text, strlen(text), 0, err) < 0)
		error_wrap(err, "%.300s", path);
	else
		rc = read_context(out, yaml.n > 0 ? yaml.documents[0] : NULL, path, context, arena, err);
	yaml_free(&yaml);
	return rc;
}

int kube_config_load(struct kube_config *out, const struct config *config, struct arena *arena, struct error *err)
{
	const char *list = config->kubeconfig;
	int rc = -1;

	*out = (struct kube_config){ 0 };
	if (list == NULL && getenv("KUBERNETES_SERVICE_HOST") != NULL)
		return in_cluster(out, arena, err);
	if (list == NULL)
		list = getenv("KUBECONFIG");
	if (list == NULL || *list == '\0')
		return error_code(err, ERR_USAGE,
				  "kubernetes: not in a pod, and neither `kubernetes.kubeconfig` nor $KUBECONFIG names a file");
	while (*list != '\0' && rc < 0) {
		size_t n = strcspn(list, ":");
		const char *path = arena_strndup(arena, list, n);

		if (path == NULL)
			return error_nomem(err);
		rc = from_file(out, path, config->context, arena, err);
		list += n;
		list += *list == ':';
	}
	return rc;
}
