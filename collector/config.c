#include "config.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/yaml.h"

#define FILE_MAX ((size_t)1024 * 1024)

int config_read_text(const char **out, const char *path, size_t max, bool trim, struct arena *arena, struct error *err)
{
	FILE *file = fopen(path, "re");
	char chunk[4096];
	struct buf all;
	size_t n;
	int rc = -1;

	buf_init(&all, max);
	if (file == NULL)
		return error_code(err, ERR_NOT_FOUND, "%.400s: %s", path, strerror(errno));
	while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
		buf_append(&all, chunk, n);
	if (ferror(file)) {
		error_set(err, "%.400s: %s", path, strerror(errno));
		goto out;
	}
	if (buf_check(&all, path, err) < 0)
		goto out;
	while (trim && all.len > 0 && strchr(" \t\r\n", all.data[all.len - 1]) != NULL)
		all.len--;
	*out = arena_strndup(arena, all.data == NULL ? "" : all.data, all.len);
	if (*out == NULL) {
		error_nomem(err);
		goto out;
	}
	rc = 0;
out:
	(void)fclose(file);
	buf_free(&all);
	return rc;
}

struct reader {
	struct config *config;
	struct arena *arena;
	struct error *err;
};

static int fail(const struct reader *r, size_t line, size_t column, const char *key, const char *what)
{
	return error_code(r->err, ERR_SYNTAX, "%.300s: line %zu, column %zu: `%.60s` %s", r->config->file, line, column, key, what);
}

/* A key of a mapping and where its text goes; NULL: read by hand. */
struct key {
	const char *name;
	const char **text;
};

static int read_keys(const struct reader *r, const struct yaml_node *node, const char *where, const struct key *keys, size_t n)
{
	if (yaml_is_null(node))
		return 0;
	if (node->kind != YAML_MAPPING)
		return fail(r, node->line, node->column, where, "must be a mapping");
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_member *m = &node->members[i];
		size_t k = 0;

		while (k < n && strcmp(keys[k].name, m->key) != 0)
			k++;
		if (k == n)
			return fail(r, m->line, m->column, m->key, "is not a known key here");
		if (keys[k].text == NULL || yaml_is_null(m->value))
			continue;
		if (yaml_string(m->value) == NULL)
			return fail(r, m->value->line, m->value->column, m->key, "must be a text");
		*keys[k].text = arena_strdup(r->arena, yaml_string(m->value));
		if (*keys[k].text == NULL)
			return error_nomem(r->err);
	}
	return 0;
}

static bool is_label(const char *text)
{
	size_t n = strlen(text);

	return n >= 1 && n <= 63 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static int read_namespaces(const struct reader *r, const struct yaml_node *node)
{
	struct config *c = r->config;

	if (node == NULL || node->kind != YAML_SEQUENCE || node->n == 0 || node->n > NAMESPACES_MAX)
		return error_code(r->err, ERR_SYNTAX, "%.300s: `kubernetes.namespaces` must list 1 to %d namespaces to watch", c->file,
				  NAMESPACES_MAX);
	for (size_t i = 0; i < node->n; i++) {
		const char *name = yaml_string(node->items[i]);

		if (name == NULL || !is_label(name))
			return fail(r, node->items[i]->line, node->items[i]->column, "namespaces", "must hold names of namespaces");
		c->namespaces[c->n_namespaces++] = arena_strdup(r->arena, name);
	}
	return 0;
}

static int read_kubernetes(const struct reader *r, const struct yaml_node *node)
{
	const struct key keys[] = { { "kubeconfig", &r->config->kubeconfig }, { "context", &r->config->context }, { "namespaces", NULL } };

	return read_keys(r, node, "kubernetes", keys, 3) < 0 || read_namespaces(r, yaml_get(node, "namespaces")) < 0 ? -1 : 0;
}

static int read_headers(const struct reader *r, const struct yaml_node *node, const char ***out)
{
	const char **list;

	if (yaml_is_null(node))
		return 0;
	if (node->kind != YAML_MAPPING)
		return fail(r, node->line, node->column, "http_headers", "must be a mapping");
	list = arena_alloc(r->arena, (node->n + 1) * sizeof *list);
	if (list == NULL)
		return error_nomem(r->err);
	for (size_t i = 0; i < node->n; i++) {
		/* Prometheus' own form is NAME: {values: [V]}; a plain text is taken too. */
		const struct yaml_node *v = node->members[i].value, *values = yaml_get(v, "values");
		const char *text = yaml_string(values != NULL ? yaml_path(values, "0") : v);

		if (text == NULL || strpbrk(text, "\r\n") != NULL)
			return fail(r, node->members[i].line, node->members[i].column, node->members[i].key, "must have one value");
		list[i] = arena_printf(r->arena, "%s: %s", node->members[i].key, text);
	}
	*out = list;
	return 0;
}

static int read_prometheus(const struct reader *r, const struct yaml_node *node)
{
	struct prometheus_config *p = &r->config->prometheus;
	const char *type = NULL;
	const struct key keys[] = { { "name", &p->name },      { "url", &p->url },     { "basic_auth", NULL },
				    { "authorization", NULL }, { "tls_config", NULL }, { "http_headers", NULL } };
	const struct key basic[] = { { "username", &p->user }, { "password_file", &p->password_file } };
	const struct key bearer[] = { { "type", &type }, { "credentials_file", &p->credentials_file } };
	const struct key tls[] = { { "ca_file", &p->ca_file } };
	const struct yaml_node *one;

	if (yaml_is_null(node))
		return 0;
	if (node->kind != YAML_SEQUENCE || node->n != 1)
		return fail(r, node->line, node->column, "prometheus", "must be a list of one server");
	one = node->items[0];
	p->name = "main";
	if (read_keys(r, one, "prometheus", keys, 6) < 0 || read_keys(r, yaml_get(one, "basic_auth"), "basic_auth", basic, 2) < 0 ||
	    read_keys(r, yaml_get(one, "authorization"), "authorization", bearer, 2) < 0 ||
	    read_keys(r, yaml_get(one, "tls_config"), "tls_config", tls, 1) < 0 ||
	    read_headers(r, yaml_get(one, "http_headers"), &p->headers) < 0)
		return -1;
	if (p->url == NULL)
		return fail(r, one->line, one->column, "prometheus", "needs `url`");
	r->config->has_prometheus = true;
	return 0;
}

static int read_webhook(const struct reader *r, const struct yaml_node *node)
{
	const struct key keys[] = { { "listen", &r->config->listen },
				    { "credentials_file", &r->config->credentials_file },
				    { "tls", NULL } };

	if (!yaml_is_null(yaml_get(node, "tls")))
		return fail(r, node->line, node->column, "tls", "is not supported: put a mesh side-car or an ingress in front");
	return read_keys(r, node, "webhook", keys, 3);
}

/* Names in the file count from the folder it stands in. */
static int resolve(const struct reader *r, const char **path)
{
	char copy[PATH_MAX];

	if (*path == NULL || **path == '/')
		return 0;
	(void)snprintf(copy, sizeof copy, "%s", r->config->file);
	*path = arena_printf(r->arena, "%s/%s", dirname(copy), *path);
	return *path == NULL ? error_nomem(r->err) : 0;
}

static int resolve_all(const struct reader *r)
{
	struct config *c = r->config;
	const char **const names[] = {
		&c->criteria_file,     &c->credentials_file, &c->kubeconfig, &c->prometheus.password_file, &c->prometheus.credentials_file,
		&c->prometheus.ca_file
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (resolve(r, names[i]) < 0)
			return -1;
	return 0;
}

static int read_root(const struct reader *r, const struct yaml_node *root)
{
	struct config *c = r->config;
	const struct key keys[] = { { "cluster", &c->cluster }, { "database", &c->database }, { "kubernetes", NULL },
				    { "prometheus", NULL },     { "webhook", NULL },          { "criteria", &c->criteria_file },
				    { "providers", NULL } };

	c->database = "/var/lib/gonogo/evidence.db";
	if (root == NULL)
		return error_code(r->err, ERR_SYNTAX, "%.300s: is empty; `cluster` at least is needed", c->file);
	if (read_keys(r, root, "gonogo.yaml", keys, 7) < 0)
		return -1;
	if (c->cluster == NULL || !is_label(c->cluster))
		return error_code(r->err, ERR_SYNTAX,
				  "%.300s: `cluster` must name the cluster (a-z, 0-9, \"-\"): it stands in every output", c->file);
	if (!yaml_is_null(yaml_get(root, "providers")) && yaml_get(root, "providers")->n > 0)
		return fail(r, yaml_get(root, "providers")->line, yaml_get(root, "providers")->column, "providers",
			    "cannot be overridden in this version");
	if (read_kubernetes(r, yaml_get(root, "kubernetes")) < 0 || read_prometheus(r, yaml_get(root, "prometheus")) < 0 ||
	    read_webhook(r, yaml_get(root, "webhook")) < 0)
		return -1;
	return resolve_all(r);
}

int config_load(struct config *out, const char *path, struct arena *arena, struct error *err)
{
	struct reader r = { out, arena, err };
	struct yaml yaml = { 0 };
	const char *text;
	int rc = -1;

	*out = (struct config){ .file = path };
	if (config_read_text(&text, path, FILE_MAX, false, arena, err) < 0)
		return -1;
	out->bytes = text;
	out->len = strlen(text);
	if (yaml_parse(&yaml, text, out->len, 0, err) < 0) {
		error_wrap(err, "%.300s", path);
		goto out;
	}
	rc = read_root(&r, yaml.n > 0 ? yaml.documents[0] : NULL);
out:
	yaml_free(&yaml);
	return rc;
}
