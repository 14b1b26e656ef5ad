#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/yaml.h"

/* libyaml's own cap for us (yaml.h). */
#define TEXT_MAX ((size_t)8 * 1024 * 1024)
#define OUT_MAX ((size_t)64 * 1024 * 1024)

static int read_text(struct buf *out, const char *path, struct error *err)
{
	FILE *file = fopen(path, "re");
	char chunk[4096];
	size_t n;

	if (file == NULL)
		return error_code(err, ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
	buf_puts(out, "");
	while ((n = fread(chunk, 1, sizeof chunk, file)) > 0 && !out->failed)
		buf_append(out, chunk, n);
	(void)fclose(file);
	return buf_check(out, path, err);
}

static int write_text(const struct buf *text, const char *folder, const char *name, struct error *err)
{
	char path[PATH_MAX];
	FILE *file;
	bool ok;

	if (buf_check(text, name, err) < 0)
		return -1;
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "we");
	ok = file != NULL && fwrite(text->data, 1, text->len, file) == text->len;
	if (file != NULL && fclose(file) != 0)
		ok = false;
	return ok ? 0 : error_set(err, "%s: %s", path, strerror(errno));
}

static int write_kubeconfig(const struct config *config, const char *folder, struct error *err)
{
	struct buf text;
	int rc;

	buf_init(&text, OUT_MAX);
	buf_printf(&text,
		   "apiVersion: v1\nkind: Config\n"
		   "clusters: [{name: recorded, cluster: {server: \"http://127.0.0.1:%u\"}}]\n"
		   "users: [{name: recorded, user: {}}]\n"
		   "contexts: [{name: recorded, context: {cluster: recorded, user: recorded}}]\n"
		   "current-context: recorded\n",
		   config->port_kube);
	rc = write_text(&text, folder, "kubeconfig", err);
	buf_free(&text);
	return rc;
}

/* A file without a cluster and with words of criteria.yaml is criteria. */
static bool is_criteria(const struct yaml_node *root)
{
	static const char *const words[] = { "blast", "evidence", "error_classes", "hold", "owners", "decisions", "overrides" };
	const struct yaml_node *criteria = yaml_get(root, "criteria");

	if (yaml_get(root, "cluster") != NULL)
		return false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (yaml_get(root, words[i]) != NULL)
			return true;
	return criteria != NULL && criteria->kind == YAML_SEQUENCE;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* A file named in a configuration stands beside it. */
static void put_path(struct json_writer *w, const char *key, const char *like, const char *name)
{
	char folder[PATH_MAX], path[2 * PATH_MAX];
	char *slash;

	if (name[0] == '/' || realpath(like, folder) == NULL) {
		json_put_string(w, key, name);
		return;
	}
	slash = strrchr(folder, '/');
	*slash = '\0';
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	json_put_string(w, key, path);
}

/* A member of an object that has others before it, as JSON. */
static void put_member(struct buf *out, const struct yaml_member *member)
{
	struct json_writer key;

	buf_putc(out, ',');
	json_writer_init(&key, out, 0);
	json_put_string(&key, NULL, member->key);
	buf_putc(out, ':');
	yaml_to_json(out, member->value);
}

/* Words of the model that are not replaced. */
static void put_own_words(struct json_writer *w, const struct yaml_node *root, const char *like)
{
	static const char *const replaced[] = { "cluster", "database", "kubernetes", "prometheus", "webhook" };

	for (size_t i = 0; root != NULL && i < root->n; i++) {
		const struct yaml_member *m = &root->members[i];
		bool skip = false;

		for (size_t j = 0; j < sizeof replaced / sizeof *replaced; j++)
			skip = skip || strcmp(m->key, replaced[j]) == 0;
		if (skip)
			continue;
		if (strcmp(m->key, "criteria") == 0 && yaml_string(m->value) != NULL) {
			put_path(w, m->key, like, yaml_string(m->value));
			continue;
		}
		put_member(w->out, m);
	}
}

static void put_endpoints(struct json_writer *w, const struct config *config, const char *folder, const struct yaml_node *root)
{
	const char *credentials = yaml_string(yaml_path(root, "webhook.credentials_file"));
	char text[PATH_MAX];

	json_begin_object(w, "kubernetes");
	(void)snprintf(text, sizeof text, "%s/kubeconfig", folder);
	json_put_string(w, "kubeconfig", text);
	json_begin_array(w, "namespaces");
	json_put_string(w, NULL, config->namespace_);
	json_end_array(w);
	json_end_object(w);
	json_begin_array(w, "prometheus");
	json_begin_object(w, NULL);
	json_put_string(w, "name", "main");
	(void)snprintf(text, sizeof text, "http://127.0.0.1:%u", config->port_prom);
	json_put_string(w, "url", text);
	json_end_object(w);
	json_end_array(w);
	if (config->webhook == NULL)
		return;
	json_begin_object(w, "webhook");
	json_put_string(w, "listen", config->webhook);
	if (credentials != NULL)
		put_path(w, "credentials_file", config->like, credentials);
	json_end_object(w);
}

static int write_gonogo(const struct config *config, const char *folder, const struct yaml_node *root, struct error *err)
{
	const char *cluster = yaml_string(yaml_get(root, "cluster"));
	struct json_writer w;
	struct buf text;
	int rc;

	buf_init(&text, OUT_MAX);
	json_writer_init(&w, &text, 0);
	json_begin_object(&w, NULL);
	json_put_string(&w, "cluster", cluster != NULL ? cluster : "recorded");
	json_put_string(&w, "database", config->database);
	put_endpoints(&w, config, folder, root);
	if (root != NULL && is_criteria(root))
		put_path(&w, "criteria", config->like, base_name(config->like));
	else
		put_own_words(&w, root, config->like);
	json_end_object(&w);
	buf_putc(&text, '\n');
	rc = write_text(&text, folder, "gonogo.yaml", err);
	buf_free(&text);
	return rc;
}

int config_write(const struct config *config, const char *folder, struct error *err)
{
	const struct yaml_node *root = NULL;
	struct yaml yaml = { 0 };
	struct buf text;
	int rc = -1;

	buf_init(&text, TEXT_MAX);
	if (config->like != NULL) {
		if (read_text(&text, config->like, err) < 0)
			goto out;
		if (yaml_parse(&yaml, text.data, text.len, 0, err) < 0) {
			error_wrap(err, "%s", config->like);
			goto out;
		}
		root = yaml.n > 0 ? yaml.documents[0] : NULL;
		if (root != NULL && root->kind != YAML_MAPPING) {
			error_code(err, ERR_SYNTAX, "%s: want a mapping like gonogo.yaml", config->like);
			goto out;
		}
	}
	if (write_kubeconfig(config, folder, err) < 0 || write_gonogo(config, folder, root, err) < 0)
		goto out;
	rc = 0;
out:
	yaml_free(&yaml);
	buf_free(&text);
	return rc;
}
