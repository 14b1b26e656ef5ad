#include "recording.h"

#include <errno.h>
#include <lzma.h>
#include <stdio.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/json.h"

/* A file, uncompressed. The largest recording known has 2 MB; an hour of a busy namespace has some 50. */
#define FILE_MAX ((size_t)512 * 1024 * 1024)
/* Tables of rows: a million lines, far above FILE_MAX's worth of objects. */
#define ROWS_MAX ((size_t)256 * 1024 * 1024)
/* For the decoder's tables; xz -9 needs 65 MB. */
#define LZMA_MEMORY_MAX ((uint64_t)256 * 1024 * 1024)
#define CHUNK 65536

/* Takes one line of a file of the recording. */
typedef int (*line_reader)(struct recording *r, const struct json *line, struct error *err);

static int read_plain(struct buf *out, FILE *file, const char *path, struct error *err)
{
	char chunk[CHUNK];
	size_t n;

	while ((n = fread(chunk, 1, sizeof chunk, file)) > 0 && !out->failed)
		buf_append(out, chunk, n);
	if (ferror(file))
		return error_set(err, "%s: %s", path, strerror(errno));
	return buf_check(out, path, err);
}

static const char *lzma_fault(lzma_ret rc)
{
	switch (rc) {
	case LZMA_FORMAT_ERROR:
		return "not an xz file";
	case LZMA_BUF_ERROR:
		return "truncated";
	case LZMA_MEMLIMIT_ERROR:
		return "needs more than 256 MiB to decompress";
	default:
		return "damaged";
	}
}

static int read_xz(struct buf *out, FILE *file, const char *path, struct error *err)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	uint8_t in[CHUNK], bytes[CHUNK];
	lzma_ret rc = lzma_stream_decoder(&stream, LZMA_MEMORY_MAX, LZMA_CONCATENATED);

	while (rc == LZMA_OK && !out->failed) {
		if (stream.avail_in == 0 && !feof(file)) {
			stream.next_in = in;
			stream.avail_in = fread(in, 1, sizeof in, file);
		}
		stream.next_out = bytes;
		stream.avail_out = sizeof bytes;
		rc = lzma_code(&stream, feof(file) ? LZMA_FINISH : LZMA_RUN);
		buf_append(out, bytes, sizeof bytes - stream.avail_out);
	}
	lzma_end(&stream);
	if (buf_check(out, path, err) < 0)
		return -1;
	return rc == LZMA_STREAM_END ? 0 : error_code(err, ERR_SYNTAX, "%s: %s", path, lzma_fault(rc));
}

/* FOLDER/NAME, or FOLDER/NAME.xz where that is absent. */
static int read_file(struct buf *out, const char *folder, const char *name, struct error *err)
{
	struct buf path;
	FILE *file;
	bool xz = false;
	int rc = -1;

	buf_init(&path, 8192);
	buf_printf(&path, "%s/%s", folder, name);
	if (buf_check(&path, "path of the recording", err) < 0)
		goto out;
	file = fopen(path.data, "re");
	if (file == NULL && errno == ENOENT) {
		buf_puts(&path, ".xz");
		if (buf_check(&path, "path of the recording", err) < 0)
			goto out;
		file = fopen(path.data, "re");
		xz = true;
	}
	if (file == NULL) {
		error_code(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_FAILED, "%s/%s, plain or .xz: %s", folder, name, strerror(errno));
		goto out;
	}
	rc = xz ? read_xz(out, file, path.data, err) : read_plain(out, file, path.data, err);
	(void)fclose(file);
out:
	buf_free(&path);
	return rc;
}

static int take_time(int64_t *out, const struct json *json, const char *key, struct error *err)
{
	double t;

	if (!json_number(json_get(json, key), &t) || t < 0 || t > 9.2e18)
		return error_code(err, ERR_SYNTAX, "\"%s\" is no time in nanoseconds", key);
	*out = (int64_t)t;
	return 0;
}

static int take_string(const char **out, const struct json *json, const char *key, struct error *err)
{
	*out = json_string(json_get(json, key));
	return *out != NULL ? 0 : error_code(err, ERR_SYNTAX, "\"%s\" is no string", key);
}

static int read_kube_row(struct recording *r, const struct json *line, struct error *err)
{
	struct kube_row *rows = arena_grow(r->arena, r->kube, r->n_kube, &r->cap_kube, sizeof *rows), *row;
	const char *op;

	if (rows == NULL)
		return error_nomem(err);
	r->kube = rows;
	row = &rows[r->n_kube++];
	if (take_time(&row->t, line, "t", err) < 0 || take_string(&row->path, line, "path", err) < 0 ||
	    take_string(&op, line, "op", err) < 0 || take_string(&row->body, line, "body", err) < 0)
		return -1;
	row->list = strcmp(op, "list") == 0;
	return row->list || strcmp(op, "watch") == 0 ? 0 : error_code(err, ERR_SYNTAX, "\"op\" is neither list nor watch");
}

static int read_hook_row(struct recording *r, const struct json *line, struct error *err)
{
	struct hook_row *rows = arena_grow(r->arena, r->hooks, r->n_hooks, &r->cap_hooks, sizeof *rows), *row;

	if (rows == NULL)
		return error_nomem(err);
	r->hooks = rows;
	row = &rows[r->n_hooks++];
	row->headers = json_get(line, "headers");
	if (!json_is_object(row->headers))
		return error_code(err, ERR_SYNTAX, "\"headers\" is no object");
	return take_time(&row->t, line, "t", err) < 0 || take_string(&row->path, line, "path", err) < 0 ||
			       take_string(&row->body, line, "body", err) < 0
		       ? -1
		       : 0;
}

static int read_prom_row(struct recording *r, const struct json *line, struct error *err)
{
	struct prom_row *rows = arena_grow(r->arena, r->prom, r->n_prom, &r->cap_prom, sizeof *rows), *row;

	if (rows == NULL)
		return error_nomem(err);
	r->prom = rows;
	row = &rows[r->n_prom++];
	return take_string(&row->query, line, "query", err) < 0 || take_string(&row->body, line, "body", err) < 0 ? -1 : 0;
}

static int read_line(struct recording *r, const char *bytes, size_t len, line_reader reader, struct error *err)
{
	struct json **lines = arena_grow(r->arena, r->lines, r->n_lines, &r->cap_lines, sizeof(struct json *));
	struct json *json;

	if (lines == NULL)
		return error_nomem(err);
	r->lines = lines;
	json = json_parse(bytes, len, err);
	if (json == NULL)
		return -1;
	lines[r->n_lines++] = json;
	return reader(r, json, err);
}

static int read_lines(struct recording *r, const char *folder, const char *name, line_reader reader, struct error *err)
{
	struct buf text;
	const char *at, *end, *next;
	size_t line = 1;
	int rc = -1;

	buf_init(&text, FILE_MAX);
	if (read_file(&text, folder, name, err) < 0)
		goto out;
	end = text.len > 0 ? text.data + text.len : NULL;
	for (at = text.data; at < end; at = next + 1, line++) {
		next = memchr(at, '\n', (size_t)(end - at));
		if (next == NULL)
			next = end;
		if (next > at && read_line(r, at, (size_t)(next - at), reader, err) < 0) {
			error_wrap(err, "%s/%s: line %zu", folder, name, line);
			goto out;
		}
	}
	rc = 0;
out:
	buf_free(&text);
	return rc;
}

static int read_head(struct recording *r, const char *folder, struct error *err)
{
	struct json *json = NULL;
	struct buf text;
	const char *space = NULL, *version = NULL;
	int rc = -1;

	buf_init(&text, CHUNK);
	if (read_file(&text, folder, "recording.json", err) < 0)
		goto out;
	json = json_parse(text.data, text.len, err);
	if (json == NULL || take_time(&r->begin, json, "begin", err) < 0 || take_time(&r->end, json, "end", err) < 0 ||
	    take_string(&space, json, "namespace", err) < 0 || take_string(&version, json, "kubernetes", err) < 0) {
		error_wrap(err, "%s/recording.json", folder);
		goto out;
	}
	r->namespace_ = arena_strdup(r->arena, space);
	r->kubernetes = arena_strdup(r->arena, version);
	rc = r->namespace_ != NULL && r->kubernetes != NULL ? 0 : error_nomem(err);
out:
	json_free(json);
	buf_free(&text);
	return rc;
}

int recording_open(struct recording *out, const char *folder, struct error *err)
{
	*out = (struct recording){ .arena = arena_new(ROWS_MAX) };
	if (out->arena == NULL)
		return error_nomem(err);
	if (read_head(out, folder, err) < 0 || read_lines(out, folder, "kubernetes.ndjson", read_kube_row, err) < 0 ||
	    read_lines(out, folder, "webhook.ndjson", read_hook_row, err) < 0 ||
	    read_lines(out, folder, "prometheus.ndjson", read_prom_row, err) < 0) {
		recording_close(out);
		return -1;
	}
	return 0;
}

void recording_close(struct recording *r)
{
	for (size_t i = 0; i < r->n_lines; i++)
		json_free(r->lines[i]);
	arena_free(r->arena);
	*r = (struct recording){ 0 };
}
