#include "support.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/instant.h"
#include "gonogo/json.h"

#define FILE_MAX ((size_t)256 * 1024 * 1024)

char *support_read(const char *path, size_t *len)
{
	char command[1024], chunk[65536];
	FILE *in = fopen(path, "rb");
	bool pipe = in == NULL;
	struct buf all;
	size_t n;
	char *text;

	if (pipe) {
		(void)snprintf(command, sizeof command, "xz -dc '%s.xz'", path);
		in = popen(command, "r");
	}
	assert_non_null(in);
	buf_init(&all, FILE_MAX);
	while ((n = fread(chunk, 1, sizeof chunk, in)) > 0)
		buf_append(&all, chunk, n);
	if (pipe)
		assert_int_equal(pclose(in), 0);
	else
		(void)fclose(in);
	if (len != NULL)
		*len = all.len;
	text = buf_take(&all);
	assert_non_null(text);
	return text;
}

const char *support_recording(char *out, size_t size, const char *recording, const char *file)
{
	(void)snprintf(out, size, "samples/recordings/%s/%s", recording, file);
	return out;
}

struct observation *support_add_row(struct evidence *out, struct arena *arena, int64_t at, enum source source, const char *kind,
				    const char *subject, const char *body)
{
	struct observation *rows = arena_grow(arena, out->rows, out->n, &out->cap, sizeof *rows), *row;

	assert_non_null(rows);
	out->rows = rows;
	row = &rows[out->n++];
	*row = (struct observation){
		.seq = (int64_t)out->n, .received_at = at, .boot_id = "", .source = source, .kind = kind, .request = "", .marks = ""
	};
	row->subject = arena_strdup(arena, subject);
	row->body = arena_strdup(arena, body);
	row->body_len = strlen(body);
	return row;
}

struct adding {
	struct evidence *out;
	struct arena *arena;
	int64_t at;
	const char *kind;
	unsigned without;
	const char *list_kind;
};

/* Items of a list carry no kind of their own; the list's says it: "CanaryList". */
static void add_object(struct adding *a, const char *text, size_t len)
{
	struct json *object = json_parse(text, len, NULL);
	const char *kind = json_string(json_get(object, "kind"));
	const char *name = json_string(json_path(object, "metadata.name"));
	const char *namespace_ = json_string(json_path(object, "metadata.namespace"));
	char own[64], subject[512];

	assert_non_null(object);
	if (kind == NULL) {
		(void)snprintf(own, sizeof own, "%.*s", (int)(strlen(a->list_kind) - 4), a->list_kind);
		kind = own;
	}
	if (name != NULL && !((a->without & WITHOUT_EVENTS) != 0 && strcmp(kind, "Event") == 0) &&
	    !((a->without & WITHOUT_STATUS) != 0 && strcmp(kind, "Canary") == 0) &&
	    !((a->without & WITHOUT_ROUTES) != 0 && strcmp(kind, "TraefikService") == 0)) {
		char *body = arena_strndup(a->arena, text, len);

		(void)snprintf(subject, sizeof subject, "%s %s/%s", kind, namespace_ != NULL ? namespace_ : "", name);
		support_add_row(a->out, a->arena, a->at, SOURCE_KUBERNETES, a->kind, subject, body);
	}
	json_free(object);
}

static int add_item(void *arg, const char *element, size_t len, struct error *err)
{
	(void)err;
	add_object(arg, element, len);
	return 0;
}

static void add_watch_line(struct adding *a, const char *body)
{
	struct json *line = json_parse(body, strlen(body), NULL);
	const char *type = json_string(json_get(line, "type"));
	const char *object = strstr(body, "\"object\":");

	assert_non_null(type);
	if (strcmp(type, "BOOKMARK") != 0) {
		a->kind = strcmp(type, "ADDED") == 0 ? "added" : strcmp(type, "DELETED") == 0 ? "deleted" : "modified";
		object += strlen("\"object\":");
		add_object(a, object, strlen(object) - 1);
	}
	json_free(line);
}

static int64_t time_of(const char *line)
{
	return strtoll(strstr(line, "\"t\": ") + 5, NULL, 10);
}

static void add_kubernetes(struct adding *a, char *line)
{
	struct json *row = json_parse(line, strlen(line), NULL);
	const char *body = json_string(json_get(row, "body"));
	const char *list = strcmp(json_string(json_get(row, "op")), "list") == 0 ? strstr(body, "List\"") : NULL;

	a->at = time_of(line);
	if (strcmp(json_string(json_get(row, "op")), "list") == 0) {
		struct json *whole = json_parse(body, strlen(body), NULL);

		assert_non_null(list);
		a->kind = "listed";
		a->list_kind = json_string(json_get(whole, "kind"));
		assert_int_equal(json_each_element(body, strlen(body), "items", add_item, a, NULL, NULL), 0);
		json_free(whole);
	} else {
		add_watch_line(a, body);
	}
	json_free(row);
}

static void add_webhook(struct adding *a, char *line)
{
	struct json *row = json_parse(line, strlen(line), NULL);
	const char *body = json_string(json_get(row, "body"));
	struct json *post = json_parse(body, strlen(body), NULL);
	char subject[512];

	(void)snprintf(subject, sizeof subject, "Canary %s/%s", json_string(json_get(post, "namespace")),
		       json_string(json_get(post, "name")));
	support_add_row(a->out, a->arena, time_of(line), SOURCE_FLAGGER, "event", subject, body);
	json_free(post);
	json_free(row);
}

static void add_prometheus(struct adding *a, char *line)
{
	struct json *row = json_parse(line, strlen(line), NULL);
	const char *query = json_string(json_get(row, "query"));
	struct observation *added;
	double at = 0;

	(void)json_number(json_get(row, "time"), &at);
	added = support_add_row(a->out, a->arena, (int64_t)(at * 1e9), SOURCE_PROMETHEUS, *query == '/' ? "info" : "samples", "",
				json_string(json_get(row, "body")));
	added->request = arena_printf(a->arena, "GET /api/v1/query?query=%s&time=%.3f", query, at);
	json_free(row);
}

static void each_line(struct adding *a, const char *recording, const char *file, void (*add)(struct adding *, char *))
{
	char path[512], *text, *line, *save = NULL;

	text = support_read(support_recording(path, sizeof path, recording, file), NULL);
	for (line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
		add(a, line);
	free(text);
}

static int compare(const void *x, const void *y)
{
	const struct observation *a = x, *b = y;

	if (a->received_at != b->received_at)
		return a->received_at < b->received_at ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

void support_rows(struct evidence *out, const char *recording, unsigned without, struct arena *arena)
{
	struct adding a = { .out = out, .arena = arena, .without = without };

	*out = (struct evidence){ .cluster = "recorded" };
	each_line(&a, recording, "kubernetes.ndjson", add_kubernetes);
	if ((without & WITHOUT_WEBHOOK) == 0)
		each_line(&a, recording, "webhook.ndjson", add_webhook);
	each_line(&a, recording, "prometheus.ndjson", add_prometheus);
	qsort(out->rows, out->n, sizeof *out->rows, compare);
	for (size_t i = 0; i < out->n; i++)
		out->rows[i].seq = (int64_t)i + 1;
}

void support_near(double a, double b, double relative)
{
	if ((isnan(a) && isnan(b)) || a == b)
		return;
	if (!(fabs(a - b) <= relative * fabs(b)))
		fail_msg("%.10g is not within %g of %.10g", a, relative, b);
}
