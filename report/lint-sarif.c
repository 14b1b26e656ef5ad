/* SARIF 2.1.0 (docs.oasis-open.org/sarif): one run, all rules as metadata, a result a problem. */
#include "lint-output.h"

#include <ctype.h>
#include <string.h>

#include "gonogo/buf.h"
#include "gonogo/json.h"

static void put_message(struct json_writer *w, const char *key, const char *text)
{
	json_begin_object(w, key);
	json_put_string(w, "text", text);
	json_end_object(w);
}

static void put_rule(struct json_writer *w, const struct lint_rule *rule)
{
	struct buf help;

	buf_init(&help, 4096);
	buf_printf(&help, "%s See docs/lint.md#%s.", rule->why, rule->id);
	json_begin_object(w, NULL);
	json_put_string(w, "id", rule->id);
	put_message(w, "shortDescription", rule->title);
	put_message(w, "fullDescription", rule->why);
	put_message(w, "help", help.data);
	json_begin_object(w, "defaultConfiguration");
	json_put_string(w, "level", severity_name(rule->severity));
	json_end_object(w);
	json_end_object(w);
	buf_free(&help);
}

/* A file name as a relative or file URI reference (RFC 3986). */
static void put_uri(struct json_writer *w, const char *file)
{
	struct buf uri;

	buf_init(&uri, 64 * 1024);
	if (*file == '/')
		buf_puts(&uri, "file://");
	if (strcmp(file, "-") == 0)
		file = "stdin";
	for (; *file != '\0'; file++) {
		if (isalnum((unsigned char)*file) || strchr("-._~/", *file) != NULL)
			buf_putc(&uri, *file);
		else
			buf_printf(&uri, "%%%02X", (unsigned)(unsigned char)*file);
	}
	json_begin_object(w, "artifactLocation");
	json_put_string(w, "uri", uri.failed ? "" : uri.data);
	json_end_object(w);
	buf_free(&uri);
}

static void put_location(struct json_writer *w, const struct lint_problem *p)
{
	struct buf name;

	json_begin_object(w, NULL);
	json_begin_object(w, "physicalLocation");
	put_uri(w, p->file);
	json_begin_object(w, "region");
	json_put_int(w, "startLine", (int64_t)p->line);
	json_put_int(w, "startColumn", (int64_t)p->column);
	json_end_object(w);
	json_end_object(w);
	if (p->object != NULL) {
		buf_init(&name, 64 * 1024);
		buf_printf(&name, "%s%s%s", p->object, *p->path == '\0' ? "" : " ", p->path);
		json_begin_array(w, "logicalLocations");
		json_begin_object(w, NULL);
		json_put_string(w, "fullyQualifiedName", name.failed ? p->object : name.data);
		json_end_object(w);
		json_end_array(w);
		buf_free(&name);
	}
	json_end_object(w);
}

static size_t index_of(const struct lint_rule *rule)
{
	size_t i = 0;

	while (lint_rule(i) != NULL && lint_rule(i) != rule)
		i++;
	return i;
}

static void put_result(struct json_writer *w, const struct lint_problem *p)
{
	struct buf text;

	buf_init(&text, 64 * 1024);
	buf_printf(&text, "%s. %s", p->text, p->fix);
	json_begin_object(w, NULL);
	json_put_string(w, "ruleId", p->rule->id);
	json_put_int(w, "ruleIndex", (int64_t)index_of(p->rule));
	json_put_string(w, "level", severity_name(p->rule->severity));
	put_message(w, "message", text.failed ? p->text : text.data);
	json_begin_array(w, "locations");
	put_location(w, p);
	json_end_array(w);
	json_end_object(w);
	buf_free(&text);
}

void lint_print_sarif(struct buf *out, const struct lint_result *r)
{
	struct json_writer w;

	json_writer_init(&w, out, 1);
	json_begin_object(&w, NULL);
	json_put_string(&w, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	json_put_string(&w, "version", "2.1.0");
	json_begin_array(&w, "runs");
	json_begin_object(&w, NULL);
	json_begin_object(&w, "tool");
	json_begin_object(&w, "driver");
	json_put_string(&w, "name", "gonogo");
	json_put_string(&w, "version", GONOGO_VERSION);
	json_begin_array(&w, "rules");
	for (size_t i = 0; lint_rule(i) != NULL; i++)
		put_rule(&w, lint_rule(i));
	json_end_array(&w);
	json_end_object(&w);
	json_end_object(&w);
	json_put_string(&w, "columnKind", "unicodeCodePoints");
	json_begin_array(&w, "results");
	for (size_t i = 0; i < r->n_problems; i++)
		put_result(&w, &r->problems[i]);
	json_end_array(&w);
	json_end_object(&w);
	json_end_array(&w);
	json_end_object(&w);
	buf_putc(out, '\n');
}
