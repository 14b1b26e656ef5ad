#include "promeval.h"

#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "promql.h"

/* Instant selectors look back five minutes (prometheus --query.lookback-delta). */
#define LOOKBACK (300 * NS_PER_S)

/* A pattern of a person is far below; repeats and back references are not compiled: what they cost is not bounded. A backslash before what is
 * no letter or digit makes a literal of it. */
#define PATTERN_MAX 4096
#define GROUPS_MAX 16
#define LITERALS ".+*?()[]{}|^$\\/-"

struct evaluating {
	const struct prom_query *query;
	int64_t at;
	struct arena *arena;
	struct error *err;
};

static int eval(struct evaluating *e, const struct promql_node *node, struct prom_vector *out);

static int not_here(struct error *err, const char *what)
{
	return error_code(err, ERR_NOT_FOUND, "%.80s is not evaluated here", what);
}

static int beyond(struct evaluating *e, const char *what)
{
	return not_here(e->err, what);
}

static bool is(const struct promql_node *node, const char *name)
{
	return strcmp(node->name, name) == 0;
}

/* ---- Selecting: once a query, not once a moment. */

static const char *value_of(const struct series *s, const char *label)
{
	const char *value = strcmp(label, "__name__") == 0 ? s->name : series_label(s, label);

	return value == NULL ? "" : value;
}

/* Where a class ends; NULL: not closed, or with a backslash, which POSIX takes for itself. */
static const char *class_end(const char *c)
{
	const char *end = strchr(c + (c[1] == '^' ? 3 : 2) - (c[1] == '\0'), ']');

	return c[1] == '\0' || end == NULL || memchr(c, '\\', (size_t)(end - c)) != NULL ? NULL : end;
}

/* regcomp() makes two of what stands before a "+": nested ones double with every level. */
static bool is_bounded(const char *pattern)
{
	bool repeats[GROUPS_MAX] = { false };
	size_t depth = 0;

	if (strlen(pattern) > PATTERN_MAX || strstr(pattern, "(?") != NULL)
		return false;
	for (const char *c = pattern; *c != '\0'; c++) {
		if (*c == '\\') {
			if (c[1] == '\0' || strchr(LITERALS, *++c) == NULL)
				return false;
		} else if (*c == '[') {
			c = class_end(c);
			if (c == NULL)
				return false;
		} else if (*c == '{' || (*c == '(' && ++depth == GROUPS_MAX)) {
			return false;
		} else if (*c == '(') {
			repeats[depth] = false;
		} else if (*c == ')' && depth > 0) {
			if (repeats[depth] && c[1] == '+')
				return false;
			depth--;
			repeats[depth] = repeats[depth] || repeats[depth + 1];
		} else if (*c == '+') {
			repeats[depth] = true;
		}
	}
	return true;
}

/* One matcher over all series: those it refuses are taken off. */
static int apply_pattern(struct prom_pick *pick, const struct promql_matcher *m, struct arena *arena, struct error *err)
{
	const char *whole;
	regex_t regex;
	size_t n = 0;

	if (!is_bounded(m->value))
		return not_here(err, m->value);
	whole = arena_printf(arena, "^(%s)$", *m->value == '\0' ? "$" : m->value);
	if (whole == NULL)
		return error_nomem(err);
	if (regcomp(&regex, whole, REG_EXTENDED | REG_NOSUB) != 0)
		return not_here(err, m->value);
	for (size_t i = 0; i < pick->n; i++) {
		bool found = regexec(&regex, value_of(pick->v[i], m->name), 0, NULL, 0) == 0;

		if (found == (m->op == PROMQL_REGEX))
			pick->v[n++] = pick->v[i];
	}
	pick->n = n;
	regfree(&regex);
	return 0;
}

static void apply_equal(struct prom_pick *pick, const struct promql_matcher *m)
{
	size_t n = 0;

	for (size_t i = 0; i < pick->n; i++)
		if ((strcmp(m->value, value_of(pick->v[i], m->name)) == 0) == (m->op == PROMQL_EQUAL))
			pick->v[n++] = pick->v[i];
	pick->n = n;
}

static int pick_series(struct prom_pick *pick, const struct series_set *set, bool natives, struct arena *arena, struct error *err)
{
	const struct promql_node *selector = pick->selector;

	pick->v = arena_alloc(arena, (set->n + 1) * sizeof *pick->v);
	if (pick->v == NULL)
		return error_nomem(err);
	for (size_t i = 0; i < set->n; i++)
		if ((natives || !set->v[i].native) && (*selector->name == '\0' || strcmp(selector->name, set->v[i].name) == 0))
			pick->v[pick->n++] = &set->v[i];
	for (size_t i = 0; i < selector->n_matchers; i++) {
		const struct promql_matcher *m = &selector->matchers[i];

		if (m->op == PROMQL_EQUAL || m->op == PROMQL_NOT_EQUAL)
			apply_equal(pick, m);
		else if (apply_pattern(pick, m, arena, err) < 0)
			return -1;
	}
	return 0;
}

static int pick_all(struct prom_query *out, const struct promql_node *node, const struct series_set *set, bool natives, struct arena *arena,
		    struct error *err)
{
	struct prom_pick *grown;

	for (size_t i = 0; i < node->n_args; i++)
		if (pick_all(out, node->args[i], set, natives, arena, err) < 0)
			return -1;
	if (node->kind != PROMQL_SELECTOR)
		return 0;
	grown = arena_grow(arena, out->picks, out->n, &out->cap, sizeof *grown);
	if (grown == NULL)
		return error_nomem(err);
	out->picks = grown;
	grown[out->n] = (struct prom_pick){ .selector = node };
	return pick_series(&grown[out->n++], set, natives, arena, err);
}

int prom_prepare(struct prom_query *out, const struct promql_node *root, const struct series_set *set, bool natives, struct arena *arena,
		 struct error *err)
{
	*out = (struct prom_query){ .root = root };
	return pick_all(out, root, set, natives, arena, err);
}

static const struct prom_pick *pick_of(const struct evaluating *e, const struct promql_node *selector)
{
	size_t i = 0;

	while (e->query->picks[i].selector != selector)
		i++;
	return &e->query->picks[i];
}

static int add_sample(struct evaluating *e, struct prom_vector *out, size_t *cap, size_t n_labels, const struct label *labels, double value)
{
	struct prom_sample *grown = arena_grow(e->arena, out->v, out->n, cap, sizeof *grown);

	if (grown == NULL)
		return error_nomem(e->err);
	out->v = grown;
	grown[out->n++] = (struct prom_sample){ n_labels, labels, value };
	return 0;
}

/* ---- rate, increase. */

struct window {
	const struct sample *first, *last;
	size_t n;
	double resets; /* what was added up before counters began anew */
};

/* The first sample at or after from. */
static size_t first_since(const struct series *s, int64_t from)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->samples[mid].at < from)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct window window_of(const struct series *s, int64_t from, int64_t to)
{
	struct window w = { 0 };

	for (size_t i = first_since(s, from); i < s->n && s->samples[i].at <= to; i++) {
		const struct sample *x = &s->samples[i];

		if (w.n > 0 && x->value < w.last->value)
			w.resets += w.last->value;
		w.first = w.n++ == 0 ? x : w.first;
		w.last = x;
	}
	return w;
}

static double seconds_of(int64_t span)
{
	return (double)span / (double)NS_PER_S;
}

/* NaN: fewer than two samples. */
static double extrapolated(const struct window *w, int64_t from, int64_t to, bool is_rate)
{
	double sampled, average, start, end, result, zero;

	if (w->n < 2)
		return NAN;
	result = w->last->value - w->first->value + w->resets;
	sampled = seconds_of(w->last->at - w->first->at);
	average = sampled / (double)(w->n - 1);
	start = seconds_of(w->first->at - from);
	end = seconds_of(to - w->last->at);
	if (result > 0 && w->first->value >= 0) {
		zero = sampled * (w->first->value / result);
		start = fmin(start, zero);
	}
	start = start < average * 1.1 ? start : average / 2;
	end = end < average * 1.1 ? end : average / 2;
	result *= (sampled + start + end) / sampled;
	return is_rate ? result / seconds_of(to - from) : result;
}

static int eval_rate(struct evaluating *e, const struct promql_node *call, struct prom_vector *out)
{
	const struct promql_node *selector = call->n_args == 1 ? call->args[0] : NULL;
	const struct prom_pick *pick;
	int64_t range;
	size_t cap = 0;

	if (selector == NULL || selector->kind != PROMQL_SELECTOR || selector->range == NULL ||
	    duration_parse(&range, selector->range, NULL) < 0 || range <= 0)
		return beyond(e, call->name);
	pick = pick_of(e, selector);
	for (size_t i = 0; i < pick->n; i++) {
		const struct series *s = pick->v[i];
		struct window w = window_of(s, e->at - range, e->at);
		double value = extrapolated(&w, e->at - range, e->at, is(call, "rate"));
		if (!isnan(value) && add_sample(e, out, &cap, s->n_labels, s->labels, value) < 0)
			return -1;
	}
	return 0;
}

static int eval_instant(struct evaluating *e, const struct promql_node *selector, struct prom_vector *out)
{
	const struct prom_pick *pick = pick_of(e, selector);
	size_t cap = 0;

	if (selector->range != NULL)
		return beyond(e, "a range outside rate()");
	for (size_t i = 0; i < pick->n; i++) {
		const struct series *s = pick->v[i];
		struct window w = window_of(s, e->at - LOOKBACK, e->at);

		if (w.n > 0 && add_sample(e, out, &cap, s->n_labels, s->labels, w.last->value) < 0)
			return -1;
	}
	return 0;
}

/* ---- Aggregation. */

static const char *label_of(const struct prom_sample *s, const char *name)
{
	for (size_t i = 0; i < s->n_labels; i++)
		if (strcmp(s->labels[i].name, name) == 0)
			return s->labels[i].value;
	return NULL;
}

static bool is_listed(const struct promql_node *node, const char *name)
{
	for (size_t i = 0; i < node->n_labels; i++)
		if (strcmp(node->labels[i], name) == 0)
			return true;
	return false;
}

static bool same_labels(const struct prom_sample *a, size_t n, const struct label *labels)
{
	if (a->n_labels != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(a->labels[i].name, labels[i].name) != 0 || strcmp(a->labels[i].value, labels[i].value) != 0)
			return false;
	return true;
}

/* Labels that the grouping keeps, in their order. */
static struct label *kept(struct evaluating *e, const struct prom_sample *s, const struct promql_node *node, const char *without, size_t *n)
{
	struct label *labels = arena_alloc(e->arena, (s->n_labels + 1) * sizeof *labels);

	*n = 0;
	for (size_t i = 0; labels != NULL && i < s->n_labels; i++) {
		bool listed = node != NULL && is_listed(node, s->labels[i].name);
		bool keep = node == NULL ? strcmp(s->labels[i].name, without) != 0 : node->grouped && (node->without ? !listed : listed);

		if (keep)
			labels[(*n)++] = s->labels[i];
	}
	return labels;
}

static void fold(const char *how, struct prom_sample *into, double value, size_t seen)
{
	if (strcmp(how, "sum") == 0)
		into->value += value;
	else if (strcmp(how, "avg") == 0)
		into->value += (value - into->value) / (double)(seen + 1);
	else if (strcmp(how, "min") == 0)
		into->value = fmin(into->value, value);
	else if (strcmp(how, "max") == 0)
		into->value = fmax(into->value, value);
	else
		into->value += 1;
}

static int eval_aggregate(struct evaluating *e, const struct promql_node *node, struct prom_vector *out)
{
	static const char *const known[] = { "sum", "avg", "min", "max", "count" };
	struct prom_vector in;
	size_t cap = 0, k = 0, *seen;

	while (k < 5 && !is(node, known[k]))
		k++;
	if (k == 5 || node->n_args != 1)
		return beyond(e, node->name);
	if (eval(e, node->args[0], &in) < 0)
		return -1;
	seen = arena_alloc(e->arena, (in.n + 1) * sizeof *seen);
	if (seen == NULL)
		return error_nomem(e->err);
	for (size_t i = 0; i < in.n; i++) {
		size_t n, g = 0;
		struct label *labels = kept(e, &in.v[i], node, NULL, &n);

		if (labels == NULL)
			return error_nomem(e->err);
		while (g < out->n && !same_labels(&out->v[g], n, labels))
			g++;
		if (g < out->n)
			fold(node->name, &out->v[g], in.v[i].value, seen[g]);
		else if (add_sample(e, out, &cap, n, labels, is(node, "count") ? 1 : in.v[i].value) < 0)
			return -1;
		seen[g]++;
	}
	return 0;
}

/* ---- histogram_quantile. */

struct edge {
	double le, count;
};

static int by_edge(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	return x->le < y->le ? -1 : x->le > y->le;
}

/* prometheus/prometheus promql/quantile.go: bucketQuantile; the counts are cumulative. NaN as there. */
static double bucket_quantile(double q, struct edge *edges, size_t n)
{
	double rank, lo, before;
	size_t b = 0;

	qsort(edges, n, sizeof *edges, by_edge);
	if (n < 2 || !isinf(edges[n - 1].le))
		return NAN;
	for (size_t i = 1; i < n; i++)
		edges[i].count = fmax(edges[i].count, edges[i - 1].count);
	if (!(edges[n - 1].count > 0))
		return NAN;
	rank = q * edges[n - 1].count;
	while (b + 1 < n && edges[b].count < rank)
		b++;
	if (b == n - 1)
		return edges[n - 2].le;
	if (b == 0 && edges[0].le <= 0)
		return edges[0].le;
	lo = b == 0 ? 0 : edges[b - 1].le;
	before = b == 0 ? 0 : edges[b - 1].count;
	return lo + (edges[b].le - lo) * ((rank - before) / (edges[b].count - before));
}

static int quantile_of_group(struct evaluating *e, double q, const struct prom_vector *in, size_t first, struct prom_vector *out,
			     size_t *cap)
{
	struct edge *edges = arena_alloc(e->arena, in->n * sizeof *edges);
	size_t n, n_edges = 0, n_other;
	struct label *labels = kept(e, &in->v[first], NULL, "le", &n);

	if (edges == NULL || labels == NULL)
		return error_nomem(e->err);
	for (size_t i = first; i < in->n; i++) {
		struct label *other = kept(e, &in->v[i], NULL, "le", &n_other);
		const char *le = label_of(&in->v[i], "le");
		struct prom_sample sample = { n_other, other, 0 };

		if (other == NULL)
			return error_nomem(e->err);
		if (le != NULL && same_labels(&sample, n, labels))
			edges[n_edges++] = (struct edge){ strcmp(le, "+Inf") == 0 ? INFINITY : strtod(le, NULL), in->v[i].value };
	}
	return add_sample(e, out, cap, n, labels, bucket_quantile(q, edges, n_edges));
}

static int eval_quantile(struct evaluating *e, const struct promql_node *call, struct prom_vector *out)
{
	struct prom_vector q, in;
	size_t cap = 0;

	if (call->n_args != 2)
		return beyond(e, call->name);
	if (eval(e, call->args[0], &q) < 0 || eval(e, call->args[1], &in) < 0)
		return -1;
	if (!q.scalar)
		return beyond(e, "a quantile that is no number");
	for (size_t i = 0; i < in.n; i++) {
		bool done = label_of(&in.v[i], "le") == NULL;
		size_t n, m;
		struct label *labels = kept(e, &in.v[i], NULL, "le", &n);

		for (size_t k = 0; k < i && !done && labels != NULL; k++) {
			struct label *other = kept(e, &in.v[k], NULL, "le", &m);
			struct prom_sample before = { m, other, 0 };

			done = other != NULL && label_of(&in.v[k], "le") != NULL && same_labels(&before, n, labels);
		}
		if (labels == NULL)
			return error_nomem(e->err);
		if (!done && quantile_of_group(e, q.number, &in, i, out, &cap) < 0)
			return -1;
	}
	return 0;
}

/* ---- Operators. */

static bool is_comparison(const char *op)
{
	return strcmp(op, "==") == 0 || strcmp(op, "!=") == 0 || strchr("<>", op[0]) != NULL;
}

static double arithmetic(const char *op, double a, double b)
{
	switch (op[0]) {
	case '+':
		return a + b;
	case '-':
		return a - b;
	case '*':
		return a * b;
	case '/':
		return a / b;
	default:
		return NAN;
	}
}

static bool compares(const char *op, double a, double b)
{
	if (strcmp(op, "==") == 0)
		return a == b;
	if (strcmp(op, "!=") == 0)
		return a != b;
	if (op[0] == '<')
		return op[1] == '=' ? a <= b : a < b;
	return op[1] == '=' ? a >= b : a > b;
}

/* A vector and a number, or two vectors whose label sets are the same, one to one. */
static int combine(struct evaluating *e, const char *op, const struct prom_vector *a, const struct prom_vector *b, struct prom_vector *out)
{
	const struct prom_vector *base = a->scalar ? b : a;
	bool filter = is_comparison(op);
	size_t cap = 0;

	for (size_t i = 0; i < base->n; i++) {
		const struct prom_sample *s = &base->v[i];
		double left = a->scalar ? a->number : s->value, right = b->scalar ? b->number : s->value;
		bool paired = a->scalar || b->scalar;

		for (size_t k = 0; k < b->n && !paired; k++)
			if (same_labels(&b->v[k], s->n_labels, s->labels)) {
				right = b->v[k].value;
				paired = true;
			}
		if (!paired || (filter && !compares(op, left, right)))
			continue;
		if (add_sample(e, out, &cap, s->n_labels, s->labels, filter ? s->value : arithmetic(op, left, right)) < 0)
			return -1;
	}
	return 0;
}

static int eval_or(struct evaluating *e, const struct prom_vector *a, const struct prom_vector *b, struct prom_vector *out)
{
	size_t cap = 0;

	for (size_t i = 0; i < a->n; i++)
		if (add_sample(e, out, &cap, a->v[i].n_labels, a->v[i].labels, a->v[i].value) < 0)
			return -1;
	for (size_t i = 0; i < b->n; i++) {
		bool there = false;

		for (size_t k = 0; k < a->n && !there; k++)
			there = same_labels(&a->v[k], b->v[i].n_labels, b->v[i].labels);
		if (!there && add_sample(e, out, &cap, b->v[i].n_labels, b->v[i].labels, b->v[i].value) < 0)
			return -1;
	}
	return 0;
}

static int eval_binary(struct evaluating *e, const struct promql_node *node, struct prom_vector *out)
{
	bool known = (strlen(node->name) == 1 && strchr("+-*/", node->name[0]) != NULL) || is_comparison(node->name) || is(node, "or");
	struct prom_vector a, b;

	if (!known || node->n_args != 2 || node->on || node->ignoring)
		return beyond(e, node->name);
	if (eval(e, node->args[0], &a) < 0 || eval(e, node->args[1], &b) < 0)
		return -1;
	if (is(node, "or"))
		return a.scalar || b.scalar ? beyond(e, node->name) : eval_or(e, &a, &b, out);
	if (!a.scalar || !b.scalar)
		return combine(e, node->name, &a, &b, out);
	if (is_comparison(node->name))
		return beyond(e, "a comparison of two numbers");
	out->scalar = true;
	out->number = arithmetic(node->name, a.number, b.number);
	return 0;
}

static int eval_unary(struct evaluating *e, const struct promql_node *node, struct prom_vector *out)
{
	if (node->n_args != 1 || (!is(node, "-") && !is(node, "+")))
		return beyond(e, node->name);
	if (eval(e, node->args[0], out) < 0)
		return -1;
	if (is(node, "+"))
		return 0;
	out->number = -out->number;
	for (size_t i = 0; i < out->n; i++)
		out->v[i].value = -out->v[i].value;
	return 0;
}

/* ---- The whole. */

static int eval_call(struct evaluating *e, const struct promql_node *node, struct prom_vector *out)
{
	struct prom_vector in;
	size_t cap = 0;

	if (is(node, "rate") || is(node, "increase"))
		return eval_rate(e, node, out);
	if (is(node, "histogram_quantile"))
		return eval_quantile(e, node, out);
	if (!is(node, "vector") || node->n_args != 1)
		return beyond(e, node->name);
	if (eval(e, node->args[0], &in) < 0)
		return -1;
	return in.scalar ? add_sample(e, out, &cap, 0, NULL, in.number) : beyond(e, node->name);
}

/* Results are the caller's own: what an operator changes is not shared. */
static int eval(struct evaluating *e, const struct promql_node *node, struct prom_vector *out)
{
	*out = (struct prom_vector){ 0 };
	switch (node->kind) {
	case PROMQL_NUMBER:
		out->scalar = true;
		out->number = strtod(node->name, NULL);
		return 0;
	case PROMQL_SELECTOR:
		return eval_instant(e, node, out);
	case PROMQL_CALL:
		return eval_call(e, node, out);
	case PROMQL_AGGREGATE:
		return eval_aggregate(e, node, out);
	case PROMQL_BINARY:
		return eval_binary(e, node, out);
	case PROMQL_UNARY:
		return eval_unary(e, node, out);
	case PROMQL_STRING:
		break;
	}
	return beyond(e, "a string");
}

int prom_eval(struct prom_vector *out, const struct prom_query *query, int64_t at, struct arena *arena, struct error *err)
{
	struct evaluating e = { query, at, arena, err };

	return eval(&e, query->root, out);
}
