#include "gonogo/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "gonogo/json.h"

/* A year of samples a series, and more series than an ingress shows of one service: beyond, the answer is not ours. */
#define SAMPLES_MAX 2000000
#define SERIES_MAX 20000

struct adding {
	struct series_set *set;
	const struct observation *row;
	struct arena *arena;
};

static int compare_labels(const void *a, const void *b)
{
	return strcmp(((const struct label *)a)->name, ((const struct label *)b)->name);
}

/* `5` and `5.0` are one edge (Prometheus 3 writes the latter). */
static const char *normal_value(struct arena *arena, const char *name, const char *value)
{
	char *end;
	double edge;

	if (strcmp(name, "le") != 0)
		return arena_strdup(arena, value);
	edge = strtod(value, &end);
	return end == value || *end != '\0' ? arena_strdup(arena, value) : arena_printf(arena, isinf(edge) ? "+Inf" : "%.12g", edge);
}

/* Name and labels in one string; separators that no label name holds. */
static const char *key_of(const struct series *s, struct arena *arena)
{
	size_t len = strlen(s->name) + 1;
	char *key, *at;

	for (size_t i = 0; i < s->n_labels; i++)
		len += strlen(s->labels[i].name) + strlen(s->labels[i].value) + 2;
	at = key = arena_alloc(arena, len);
	if (key == NULL)
		return NULL;
	at = stpcpy(at, s->name);
	for (size_t i = 0; i < s->n_labels; i++) {
		*at++ = '\x1f';
		at = stpcpy(at, s->labels[i].name);
		*at++ = '\x1e';
		at = stpcpy(at, s->labels[i].value);
	}
	return key;
}

static int read_labels(struct series *s, const struct json *metric, struct arena *arena, struct error *err)
{
	s->name = "";
	s->labels = arena_alloc(arena, json_size(metric) * sizeof *s->labels);
	if (s->labels == NULL)
		return error_nomem(err);
	for (const struct json *l = json_first(metric); l != NULL; l = json_next(l)) {
		const char *value = json_string(l);

		if (value == NULL)
			continue;
		if (strcmp(json_key(l), "__name__") == 0) {
			s->name = arena_strdup(arena, value);
			continue;
		}
		s->labels[s->n_labels].name = arena_strdup(arena, json_key(l));
		s->labels[s->n_labels].value = normal_value(arena, json_key(l), value);
		if (s->labels[s->n_labels].name == NULL || s->labels[s->n_labels].value == NULL)
			return error_nomem(err);
		s->n_labels++;
	}
	if (s->n_labels > 1)
		qsort(s->labels, s->n_labels, sizeof *s->labels, compare_labels);
	s->key = s->name == NULL ? NULL : key_of(s, arena);
	return s->key == NULL ? error_nomem(err) : 0;
}

static struct series *find_or_add(struct adding *a, const struct series *wanted)
{
	struct series_set *set = a->set;
	struct series *grown;

	for (size_t i = 0; i < set->n; i++)
		if (strcmp(set->v[i].key, wanted->key) == 0)
			return &set->v[i];
	if (set->n >= SERIES_MAX)
		return NULL;
	grown = arena_grow(a->arena, set->v, set->n, &set->cap, sizeof *grown);
	if (grown == NULL)
		return NULL;
	set->v = grown;
	grown[set->n] = *wanted;
	return &grown[set->n++];
}

/* [1795579359.743, "41"]; false if it is not that, or no finite number of a counter's size. */
static bool read_sample(const struct json_pair *pair, struct sample *out)
{
	char *end;

	if (pair == NULL || !(pair->number > 0 && pair->number < 9e9) || pair->text_len == 0)
		return false;
	if (!json_read_decimal(pair->text, pair->text_len, &out->value)) {
		out->value = strtod(pair->text, &end);
		if (end != pair->text + pair->text_len || !isfinite(out->value))
			return false;
	}
	out->at = (int64_t)llround(pair->number * 1000) * INT64_C(1000000);
	return true;
}

/* What one element of the result holds, as bytes. */
struct element {
	struct adding *a;
	struct series *series;
	const char *metric, *values, *value;
	size_t metric_len, values_len, value_len;
	bool native, repeated;
};

/* Windows overlap, and the last one repeats them all: a time stamp that is there keeps its first observation. Marks the series if the sample
 * belongs between two others. */
static bool is_known(struct series *s, const struct sample *sample)
{
	size_t lo = 0, hi = s->n;

	if (s->unordered || s->n == 0 || sample->at > s->samples[s->n - 1].at)
		return false;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->samples[mid].at < sample->at)
			lo = mid + 1;
		else
			hi = mid;
	}
	s->unordered = s->samples[lo].at != sample->at;
	if (!s->unordered && sample->id < s->samples[lo].id)
		s->samples[lo] = *sample;
	return !s->unordered;
}

static int add_sample(void *arg, const struct json_pair *pair, struct error *err)
{
	const struct element *e = arg;
	struct sample sample = { .id = evidence_id_of(e->a->row) };
	struct series *s = e->series;
	struct sample *grown;

	if (!read_sample(pair, &sample)) {
		e->a->set->malformed++;
		return 0;
	}
	if (is_known(s, &sample))
		return 0;
	if (s->n >= SAMPLES_MAX)
		return error_code(err, ERR_LIMIT, "Prometheus: a series of more than %d samples", SAMPLES_MAX);
	grown = arena_grow(e->a->arena, s->samples, s->n, &s->cap, sizeof *grown);
	if (grown == NULL)
		return error_nomem(err);
	s->samples = grown;
	grown[s->n++] = sample;
	return 0;
}

static bool is(const char *key, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(key, word, len) == 0;
}

static int pick(void *arg, const char *key, size_t key_len, const char *value, size_t value_len, struct error *err)
{
	struct element *e = arg;

	(void)err;
	if (is(key, key_len, "metric")) {
		e->repeated = e->repeated || e->metric != NULL;
		e->metric = value;
		e->metric_len = value_len;
	} else if (is(key, key_len, "values")) {
		e->repeated = e->repeated || e->values != NULL;
		e->values = value;
		e->values_len = value_len;
	} else if (is(key, key_len, "value")) {
		e->repeated = e->repeated || e->value != NULL;
		e->value = value;
		e->value_len = value_len;
	} else if (is(key, key_len, "histogram") || is(key, key_len, "histograms")) {
		e->native = true;
	}
	return 0;
}

static struct series *find_source(struct series_set *set, const char *metric, size_t len)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i].source_len == len && memcmp(set->v[i].source, metric, len) == 0)
			return &set->v[i];
	return NULL;
}

/* The series with these labels; NULL with err of ERR_NONE where the metric is no object of them. */
static struct series *series_of(struct element *e, struct error *err)
{
	struct series wanted = { 0 }, *s = find_source(e->a->set, e->metric, e->metric_len);
	struct json *metric;

	*err = (struct error){ .code = ERR_NONE };
	if (s != NULL)
		return s;
	metric = json_parse(e->metric, e->metric_len, NULL);
	if (json_is_object(metric) && read_labels(&wanted, metric, e->a->arena, err) == 0) {
		wanted.source = arena_strndup(e->a->arena, e->metric, e->metric_len);
		wanted.source_len = e->metric_len;
		s = wanted.source == NULL ? NULL : find_or_add(e->a, &wanted);
		if (s == NULL)
			error_nomem(err);
	}
	json_free(metric);
	return s;
}

static int add_element(struct element *e, struct error *err)
{
	bool values = e->values != NULL && *e->values == '[', value = e->value != NULL && *e->value == '[';
	struct json_pair pair;

	if (e->metric == NULL || e->repeated || (!values && !value && !e->native)) {
		e->a->set->malformed++;
		return 0;
	}
	e->series = series_of(e, err);
	if (e->series == NULL) {
		e->a->set->malformed += err->code == ERR_NONE;
		return err->code == ERR_NONE ? 0 : -1;
	}
	e->series->native = e->series->native || e->native;
	if (value && add_sample(e, json_read_pair(e->value, e->value_len, &pair) ? &pair : NULL, err) < 0)
		return -1;
	return values ? json_each_pair(e->values, e->values_len, add_sample, e, err) : 0;
}

static int end_series(void *arg, bool object, struct error *err)
{
	struct element *e = arg;
	int rc = 0;

	if (object)
		rc = add_element(e, err);
	else
		e->a->set->malformed++;
	*e = (struct element){ .a = e->a };
	return rc;
}

static int add_note(struct adding *a, unsigned annotation, const char *text, struct error *err)
{
	struct series_set *set = a->set;
	struct answer_note *grown = arena_grow(a->arena, set->notes, set->n_notes, &set->cap_notes, sizeof *grown);

	if (grown == NULL)
		return error_nomem(err);
	set->notes = grown;
	grown[set->n_notes++] = (struct answer_note){ annotation, arena_strdup(a->arena, text), evidence_id_of(a->row), a->row->request };
	return 0;
}

/* Older engines put hints among the warnings, with a prefix (prometheus#14327); a warning without one means missing data. */
static unsigned annotation_of(const char *text)
{
	if (strncmp(text, "PromQL info:", 12) == 0)
		return ANNOTATION_NOTE;
	return strncmp(text, "PromQL warning:", 15) == 0 ? ANNOTATION_BROKEN : ANNOTATION_PARTIAL;
}

struct warning {
	struct adding *a;
	bool info;
};

static int each_warning(void *arg, const char *bytes, size_t len, struct error *err)
{
	const struct warning *w = arg;
	struct json *text = json_parse(bytes, len, NULL);
	int rc = 0;

	if (json_string(text) != NULL)
		rc = add_note(w->a, w->info ? ANNOTATION_NOTE : annotation_of(json_string(text)), json_string(text), err);
	json_free(text);
	return rc;
}

/* Answers are large and hardly ever have annotations: what does not stand in the bytes is not looked for member by member. */
static bool mentions(const struct observation *row, const char *word)
{
	return memmem(row->body, row->body_len, word, strlen(word)) != NULL;
}

static int add_annotations(struct adding *a, const char *key, bool info, struct error *err)
{
	struct warning w = { a, info };
	struct error why = { .code = ERR_NONE };

	if (mentions(a->row, key) && json_each_element(a->row->body, a->row->body_len, key, each_warning, &w, NULL, &why) < 0 &&
	    why.code == ERR_NOMEM)
		return error_nomem(err);
	return 0;
}

/* Members of the envelope; the result is not built as a tree. */
static bool envelope_says(const struct observation *row, const char *word)
{
	size_t n = strlen(word);
	const char *end = row->body + row->body_len;

	for (const char *p = row->body; p != NULL && p + n <= end; p = memchr(p + 1, '"', (size_t)(end - p - 1))) {
		const char *q = p + n;

		if (memcmp(p, word, n) != 0)
			continue;
		while (q < end && (*q == ' ' || *q == ':'))
			q++;
		return q + 4 <= end && memcmp(q, "true", 4) == 0;
	}
	return false;
}

int series_add_answer(struct series_set *set, const struct observation *row, struct arena *arena, struct error *err)
{
	static const struct json_record record = { pick, end_series };
	struct adding a = { set, row, arena };
	struct element e = { .a = &a };
	struct error why = { .code = ERR_NONE };

	if (row->body == NULL)
		return 0;
	if (strcmp(row->kind, "failed") == 0) {
		set->failed++;
		return 0;
	}
	if (json_each_record(row->body, row->body_len, "data.result", &record, &e, &why) < 0) {
		if (why.code == ERR_NOMEM || why.code == ERR_LIMIT) {
			*err = why;
			return -1;
		}
		set->malformed++;
		return 0;
	}
	if (add_annotations(&a, "warnings", false, err) < 0 || add_annotations(&a, "infos", true, err) < 0)
		return -1;
	if (envelope_says(row, "\"isPartial\""))
		return add_note(&a, ANNOTATION_PARTIAL, "isPartial: true", err);
	return 0;
}

static int compare_samples(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int compare_series(const void *a, const void *b)
{
	return strcmp(((const struct series *)a)->key, ((const struct series *)b)->key);
}

void series_set_finish(struct series_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		struct series *s = &set->v[i];
		size_t kept = 0;

		if (!s->unordered)
			continue;
		qsort(s->samples, s->n, sizeof *s->samples, compare_samples);
		for (size_t k = 0; k < s->n; k++)
			if (kept == 0 || s->samples[kept - 1].at != s->samples[k].at)
				s->samples[kept++] = s->samples[k];
		s->n = kept;
		s->unordered = false;
	}
	if (set->n > 1)
		qsort(set->v, set->n, sizeof *set->v, compare_series);
}

const char *series_label(const struct series *series, const char *name)
{
	for (size_t i = 0; i < series->n_labels; i++)
		if (strcmp(series->labels[i].name, name) == 0)
			return series->labels[i].value;
	return NULL;
}
