#include "promstore.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "recording.h"

/* 64 bytes a sample: some 15 million. The largest recording has 60 thousand. */
#define STORE_MAX ((size_t)1024 * 1024 * 1024)
/* The labels of one series. */
#define KEY_MAX 65536

struct reader {
	struct promstore *store;
	int64_t without_from, without_to;
};

static int compare_labels(const void *a, const void *b)
{
	return strcmp(((const struct label *)a)->name, ((const struct label *)b)->name);
}

static int compare_series(const void *a, const void *b)
{
	return strcmp(((const struct series *)a)->key, ((const struct series *)b)->key);
}

static int compare_samples(const void *a, const void *b)
{
	int64_t x = ((const struct sample *)a)->ms, y = ((const struct sample *)b)->ms;

	return (x > y) - (x < y);
}

static int compare_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static const char *labels_key(struct arena *arena, const struct label *labels, size_t n)
{
	struct json_writer w;
	struct buf buf;
	const char *key = NULL;

	buf_init(&buf, KEY_MAX);
	json_writer_init(&w, &buf, 0);
	json_begin_object(&w, NULL);
	for (size_t i = 0; i < n; i++)
		json_put_string(&w, labels[i].name, labels[i].value);
	json_end_object(&w);
	if (!buf.failed)
		key = arena_strndup(arena, buf.data, buf.len);
	buf_free(&buf);
	return key;
}

static int read_labels(struct promstore *store, struct series *series, const struct json *metric, struct error *err)
{
	size_t n = json_size(metric), i = 0;

	series->labels = arena_alloc(store->arena, n * sizeof *series->labels);
	if (series->labels == NULL)
		return error_nomem(err);
	for (const struct json *m = json_first(metric); m != NULL; m = json_next(m), i++) {
		if (!json_is_string(m))
			return error_code(err, ERR_SYNTAX, "label %s is no string", json_key(m));
		series->labels[i].name = arena_strdup(store->arena, json_key(m));
		series->labels[i].value = arena_strdup(store->arena, json_string(m));
		if (series->labels[i].name == NULL || series->labels[i].value == NULL)
			return error_nomem(err);
	}
	series->n_labels = n;
	qsort(series->labels, n, sizeof *series->labels, compare_labels);
	series->key = labels_key(store->arena, series->labels, n);
	return series->key != NULL ? 0 : error_nomem(err);
}

static int add_sample(struct reader *reader, struct series *series, const struct json *pair, struct error *err)
{
	struct promstore *store = reader->store;
	const struct json *time = json_first(pair);
	const char *value = json_string(time != NULL ? json_next(time) : NULL);
	struct sample *samples;
	double seconds;
	int64_t ms;

	if (!json_number(time, &seconds) || !(fabs(seconds) < 9e12) || value == NULL)
		return error_code(err, ERR_SYNTAX, "a sample is not [time, \"value\"]");
	ms = llround(seconds * 1000);
	if (ms >= reader->without_from && ms <= reader->without_to)
		return 0;
	samples = arena_grow(store->arena, series->v, series->n, &series->cap, sizeof *samples);
	value = arena_strdup(store->arena, value);
	if (samples == NULL || value == NULL)
		return error_nomem(err);
	series->v = samples;
	samples[series->n++] = (struct sample){ .ms = ms, .value = value };
	return 0;
}

static int read_series(void *arg, const char *bytes, size_t len, struct error *err)
{
	struct reader *reader = arg;
	struct promstore *store = reader->store;
	struct json *json = json_parse(bytes, len, err);
	struct series *all, *series;
	int rc = -1;

	if (json == NULL)
		return -1;
	all = arena_grow(store->arena, store->v, store->n, &store->cap, sizeof *all);
	if (all == NULL) {
		error_nomem(err);
		goto out;
	}
	store->v = all;
	series = &all[store->n++];
	if (read_labels(store, series, json_get(json, "metric"), err) < 0)
		goto out;
	for (const struct json *pair = json_first(json_get(json, "values")); pair != NULL; pair = json_next(pair))
		if (add_sample(reader, series, pair, err) < 0)
			goto out;
	rc = 0;
out:
	json_free(json);
	return rc;
}

static int append_samples(struct arena *arena, struct series *to, const struct series *from)
{
	for (size_t i = 0; i < from->n; i++) {
		struct sample *samples = arena_grow(arena, to->v, to->n, &to->cap, sizeof *samples);

		if (samples == NULL)
			return -1;
		to->v = samples;
		samples[to->n++] = from->v[i];
	}
	return 0;
}

static void sort_samples(struct series *series)
{
	size_t kept = 0;

	qsort(series->v, series->n, sizeof *series->v, compare_samples);
	for (size_t i = 0; i < series->n; i++)
		if (kept == 0 || series->v[kept - 1].ms != series->v[i].ms)
			series->v[kept++] = series->v[i];
	series->n = kept;
}

/* The same series of several answers becomes one; series without samples go. */
static int merge(struct promstore *store, struct error *err)
{
	size_t kept = 0;

	if (store->n == 0)
		return 0;
	qsort(store->v, store->n, sizeof *store->v, compare_series);
	for (size_t i = 0; i < store->n; i++) {
		if (store->v[i].n == 0)
			continue;
		if (kept > 0 && strcmp(store->v[kept - 1].key, store->v[i].key) == 0) {
			if (append_samples(store->arena, &store->v[kept - 1], &store->v[i]) < 0)
				return error_nomem(err);
		} else {
			store->v[kept++] = store->v[i];
		}
	}
	store->n = kept;
	for (size_t i = 0; i < kept; i++)
		sort_samples(&store->v[i]);
	return 0;
}

static struct target *target_of(struct promstore *store, const struct series *series)
{
	const char *job = series_label(series, "job"), *instance = series_label(series, "instance");
	struct target *targets;

	for (size_t i = 0; i < store->n_targets; i++)
		if (strcmp(store->targets[i].job, job) == 0 && strcmp(store->targets[i].instance, instance) == 0)
			return &store->targets[i];
	targets = arena_grow(store->arena, store->targets, store->n_targets, &store->cap_targets, sizeof *targets);
	if (targets == NULL)
		return NULL;
	store->targets = targets;
	targets[store->n_targets] = (struct target){ .job = job, .instance = instance };
	return &targets[store->n_targets++];
}

static int add_scrapes(struct promstore *store, struct target *target, const struct series *series)
{
	for (size_t i = 0; i < series->n; i++) {
		int64_t *scrapes = arena_grow(store->arena, target->scrapes, target->n, &target->cap, sizeof *scrapes);

		if (scrapes == NULL)
			return -1;
		target->scrapes = scrapes;
		scrapes[target->n++] = series->v[i].ms;
	}
	return 0;
}

static void sort_scrapes(struct target *target)
{
	size_t kept = 0;

	qsort(target->scrapes, target->n, sizeof *target->scrapes, compare_times);
	for (size_t i = 0; i < target->n; i++)
		if (kept == 0 || target->scrapes[kept - 1] != target->scrapes[i])
			target->scrapes[kept++] = target->scrapes[i];
	target->n = kept;
}

/* Scrape times first: the table of targets moves while it grows. */
static int find_targets(struct promstore *store, struct error *err)
{
	for (size_t i = 0; i < store->n; i++) {
		struct target *target = target_of(store, &store->v[i]);

		if (target == NULL || add_scrapes(store, target, &store->v[i]) < 0)
			return error_nomem(err);
	}
	for (size_t i = 0; i < store->n_targets; i++)
		sort_scrapes(&store->targets[i]);
	for (size_t i = 0; i < store->n; i++)
		store->v[i].target = target_of(store, &store->v[i]);
	return 0;
}

int promstore_open(struct promstore *out, const struct recording *recording, int64_t without_from, int64_t without_to, struct error *err)
{
	struct reader reader = { .store = out, .without_from = without_from, .without_to = without_to };

	*out = (struct promstore){ .arena = arena_new(STORE_MAX) };
	if (out->arena == NULL)
		return error_nomem(err);
	for (size_t i = 0; i < recording->n_prom; i++) {
		const struct prom_row *row = &recording->prom[i];

		/* A path of the API, not a query: promapi.c answers with it as it is. */
		if (row->query[0] == '/')
			continue;
		if (json_each_element(row->body, strlen(row->body), "data.result", read_series, &reader, NULL, err) < 0) {
			error_wrap(err, "prometheus.ndjson: row %zu (%.80s)", i + 1, row->query);
			goto fail;
		}
	}
	if (merge(out, err) < 0 || find_targets(out, err) < 0)
		goto fail;
	return 0;
fail:
	promstore_close(out);
	return -1;
}

void promstore_close(struct promstore *store)
{
	arena_free(store->arena);
	*store = (struct promstore){ 0 };
}

const char *series_label(const struct series *series, const char *name)
{
	for (size_t i = 0; i < series->n_labels; i++)
		if (strcmp(series->labels[i].name, name) == 0)
			return series->labels[i].value;
	return "";
}

size_t series_span(const struct series *series, int64_t from, int64_t to, size_t *first)
{
	size_t i = 0, j;

	while (i < series->n && series->v[i].ms < from)
		i++;
	for (j = i; j < series->n && series->v[j].ms <= to; j++)
		;
	*first = i;
	return j - i;
}

bool target_scraped(const struct target *target, int64_t from, int64_t to)
{
	for (size_t i = 0; i < target->n; i++)
		if (target->scrapes[i] > from)
			return target->scrapes[i] <= to;
	return false;
}
