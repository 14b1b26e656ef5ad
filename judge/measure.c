#include "gonogo/measure.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/criteria.h"
#include "gonogo/error.h"
#include "gonogo/provider.h"
#include "gonogo/rollout.h"
#include "gonogo/series.h"
#include "promeval.h"
#include "promql.h"

#define MATCHERS_MAX 8192

/* ---- A provider's templates, filled in. */

/* A name inside a PromQL string; as a literal where the string is a regular expression, which needs a backslash of its own. */
static void put_name(struct buf *out, const char *name, char how)
{
	for (; *name != '\0'; name++) {
		if (how == '_' && !isalnum((unsigned char)*name)) {
			buf_putc(out, '_');
			continue;
		}
		if (how != '=' && strchr(".+*?()[]{}|^$\\", *name) != NULL)
			buf_puts(out, "\\\\");
		if (*name == '\\' || *name == '"')
			buf_puts(out, "\\");
		buf_putc(out, *name);
	}
}

static const char *name_of(const struct canary_spec *spec, const char *word, size_t n)
{
	const struct {
		const char *word, *name;
	} names[] = { { "namespace", spec->namespace_ },
		      { "service", spec->service_name },
		      { "target", spec->target_name },
		      { "ingress", spec->ingress_name } };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strlen(names[i].word) == n && memcmp(names[i].word, word, n) == 0)
			return names[i].name;
	return NULL;
}

/* What follows a workload's name: a Deployment's pods bear the ReplicaSet's hash too. */
static const char *pod_pattern(const struct canary_spec *spec)
{
	return strcmp(spec->target_kind, "DaemonSet") == 0 ? "[0-9a-zA-Z]+" : "[0-9a-zA-Z]+-[0-9a-zA-Z]+";
}

static const char *fill_in(const char *template_, const struct canary_spec *spec, bool renamed, struct arena *arena)
{
	const char *copy;
	struct buf text;

	buf_init(&text, MATCHERS_MAX);
	for (const char *c = template_; *c != '\0'; c++) {
		const char *end = strchr(c, '}');
		char how = *c == '{' && (c[1] == '=' || c[1] == '_') ? c[1] : '\0';
		const char *word = how == '\0' ? c + 1 : c + 2;

		if (*c == '$') {
			buf_puts(&text, renamed ? "exported_" : "");
		} else if (*c != '{' || end == NULL) {
			buf_putc(&text, *c);
		} else {
			const char *name = name_of(spec, word, (size_t)(end - word));

			if (name == NULL)
				buf_puts(&text, pod_pattern(spec));
			else
				put_name(&text, name, how);
			c = end;
		}
	}
	/* Names longer than any cluster has select nothing. */
	copy = arena_strdup(arena, text.failed ? "job=\"\",job!=\"\"" : text.data == NULL ? "" : text.data);
	buf_free(&text);
	return copy;
}

/* Where the target's label of that name is there too, the exporter's own is the renamed one. */
static const char *unrenamed(const char *matchers, const struct provider *p, struct arena *arena)
{
	if (matchers == NULL || p->renamed == NULL || strcmp(p->renamed, p->arm_label) == 0)
		return matchers;
	return arena_printf(arena, "%s,exported_%s=\"\"", matchers, p->renamed);
}

int measure_of_provider(struct measure *out, const struct provider *p, const struct canary_spec *spec, struct arena *arena,
			struct error *err)
{
	*out = (struct measure){ .requests = p->requests,
				 .buckets = p->buckets,
				 .unit = p->unit,
				 .code_label = p->code_label,
				 .grpc_label = p->grpc_label,
				 .failed_label = p->failed_label,
				 .failed_value = p->failed_value,
				 .pods = p->pods,
				 .renamed_label = p->renamed };
	for (size_t s = 0; s < (p->renamed != NULL ? SPELLINGS : 1); s++) {
		out->arm_label[s] = s == 0 || strcmp(p->arm_label, p->renamed) != 0 ? p->arm_label
										    : arena_printf(arena, "exported_%s", p->arm_label);
		out->both[s] = fill_in(p->both, spec, s > 0, arena);
		for (int arm = 0; arm < ARMS; arm++)
			out->arm[s][arm] = fill_in(p->arm[arm], spec, s > 0, arena);
		if (s == 0) {
			out->both[s] = unrenamed(out->both[s], p, arena);
			for (int arm = 0; arm < ARMS; arm++)
				out->arm[s][arm] = unrenamed(out->arm[s][arm], p, arena);
		}
		if (out->arm_label[s] == NULL || out->both[s] == NULL || out->arm[s][ARM_CANARY] == NULL ||
		    out->arm[s][ARM_BASELINE] == NULL)
			return error_nomem(err);
	}
	return 0;
}

/* What stands between the braces of a selector that was parsed. */
static const char *inside(const char *selector, struct arena *arena)
{
	const char *open = strchr(selector, '{'), *close = strrchr(selector, '}');

	if (open == NULL || close == NULL)
		return "";
	/* A comma behind the last one is allowed, and two are not. */
	while (close > open + 1 && (close[-1] == ' ' || close[-1] == ','))
		close--;
	return arena_printf(arena, "%.*s", (int)(close - open - 1), open + 1);
}

static const char bucket[] = "_bucket";

bool measure_is_histogram(const char *metric)
{
	size_t n = strlen(metric), k = sizeof bucket - 1;

	return n > k && strcmp(metric + n - k, bucket) == 0;
}

int measure_of_endpoint(struct measure *out, const struct measure *whole, const struct criterion *c, struct arena *arena, struct error *err)
{
	const struct endpoint *e = &c->endpoint;
	const char *metric = arena_printf(arena, "%.*s", (int)strcspn(e->canary, "{ "), e->canary);
	size_t n = metric == NULL ? 0 : strlen(metric);
	bool histogram = metric != NULL && measure_is_histogram(metric);

	*out = (struct measure){ .unit = e->unit, .code_label = e->code_label, .pods = true };
	if (e->code_label == NULL) {
		out->code_label = whole->code_label == NULL ? "code" : whole->code_label;
		out->grpc_label = whole->grpc_label;
	}
	out->buckets = histogram ? metric : NULL;
	out->requests = histogram && metric != NULL ? arena_printf(arena, "%.*s_count", (int)(n - strlen(bucket)), metric) : metric;
	out->arm[0][ARM_CANARY] = inside(e->canary, arena);
	out->arm[0][ARM_BASELINE] = inside(e->baseline, arena);
	return out->requests == NULL || out->arm[0][ARM_CANARY] == NULL || out->arm[0][ARM_BASELINE] == NULL ? error_nomem(err) : 0;
}

size_t measure_queries(const char *out[static QUERIES_MAX], const struct measure *m, size_t spelling, int64_t seconds, struct arena *arena)
{
	const char *const metrics[] = { m->requests, m->buckets };
	size_t n = 0;

	for (size_t i = 0; i < 2; i++) {
		const char *const arms[] = { m->arm[spelling][ARM_CANARY], m->arm[spelling][ARM_BASELINE] };
		const char *const *matchers = m->both[spelling] != NULL ? &m->both[spelling] : arms;
		size_t n_matchers = m->both[spelling] != NULL ? 1 : 2;

		for (size_t k = 0; k < n_matchers && metrics[i] != NULL && matchers[k] != NULL; k++) {
			out[n] = arena_printf(arena, "%s{%s}[%" PRId64 "s]", metrics[i], matchers[k], seconds);
			if (out[n++] == NULL)
				return 0;
		}
	}
	return n;
}

/* ---- Which series are of which arm. */

struct sorting {
	signed char *arms;
	size_t *spelling;
	const struct measure *measure;
	const struct series_set *set;
	struct arena *arena;
	struct error *err;
};

/* All series of one metric and arm. */
static int mark(struct sorting *s, const char *metric, size_t spelling, int arm)
{
	const char *matchers = s->measure->arm[spelling][arm];
	const struct promql_node *node;
	struct prom_query query;
	const char *text;

	if (metric == NULL || matchers == NULL)
		return 0;
	text = arena_printf(s->arena, "%s{%s}", metric, matchers);
	if (text == NULL)
		return error_nomem(s->err);
	/* Names of a hostile cluster that make no query select nothing. */
	if (promql_parse(&node, text, s->arena, s->err) < 0 || prom_prepare(&query, node, s->set, true, s->arena, s->err) < 0)
		return s->err->code == ERR_NOMEM ? -1 : 0;
	for (size_t i = 0; i < query.n; i++)
		for (size_t k = 0; k < query.picks[i].n; k++) {
			s->arms[query.picks[i].v[k] - s->set->v] = (signed char)arm;
			*s->spelling = spelling;
		}
	return 0;
}

int measure_arms(signed char **out, size_t *spelling, const struct measure *measure, const struct series_set *set, struct arena *arena,
		 struct error *err)
{
	struct sorting s = { arena_alloc(arena, set->n + 1), spelling, measure, set, arena, err };

	if (s.arms == NULL)
		return error_nomem(err);
	memset(s.arms, -1, set->n + 1);
	*spelling = 0;
	for (size_t k = 0; k < SPELLINGS; k++)
		if (mark(&s, measure->requests, k, ARM_CANARY) < 0 || mark(&s, measure->buckets, k, ARM_CANARY) < 0 ||
		    mark(&s, measure->requests, k, ARM_BASELINE) < 0 || mark(&s, measure->buckets, k, ARM_BASELINE) < 0)
			return -1;
	*out = s.arms;
	return 0;
}

/* ---- Errors. */

static const char grpc[] = "grpc:";

static bool is_grpc(const char *class_)
{
	return strncmp(class_, grpc, sizeof grpc - 1) == 0;
}

/* The label that a class is read from, and what its value must be. */
static const char *label_of_class(const struct measure *m, const char *class_, const char **pattern)
{
	*pattern = is_grpc(class_) ? class_ + sizeof grpc - 1 : class_;
	if (is_grpc(class_))
		return m->grpc_label;
	if (m->failed_label != NULL && strcmp(class_, "5..") == 0) {
		*pattern = m->failed_value;
		return m->failed_label;
	}
	return m->code_label;
}

static bool fits(const char *pattern, const char *value)
{
	while (*pattern != '\0' && *value != '\0' && (*pattern == '.' || *pattern == *value)) {
		pattern++;
		value++;
	}
	return *pattern == '\0' && *value == '\0';
}

bool measure_is_error(const struct measure *m, size_t n_classes, const char *const *classes, const struct series *series)
{
	for (size_t i = 0; i < n_classes; i++) {
		const char *pattern, *label = label_of_class(m, classes[i], &pattern);
		const char *value = label == NULL ? NULL : series_label(series, label);

		if (value != NULL && fits(pattern, value))
			return true;
	}
	return false;
}

/* Whether a value is of the kind that a class is about. A gRPC status has two digits at most: Traefik 2 writes 200 for every call, under the
 * label that is the status in Traefik 3. */
static bool is_code(const struct measure *m, const char *class_, const char *label, const char *value)
{
	if (is_grpc(class_))
		return isdigit((unsigned char)*value) && strlen(value) <= 2;
	return label == m->failed_label || isdigit((unsigned char)*value);
}

/* Every arm that has series of requests has one with a code of the class's kind under that label. */
static bool is_borne(const struct measure *m, const char *label, const char *class_, const struct series_set *set, const signed char *arms)
{
	bool any[ARMS] = { false, false }, borne[ARMS] = { false, false };

	for (size_t i = 0; i < set->n; i++) {
		const char *value = series_label(&set->v[i], label);

		if (arms[i] < 0 || strcmp(set->v[i].name, m->requests) != 0)
			continue;
		any[arms[i]] = true;
		borne[arms[i]] = borne[arms[i]] || (value != NULL && is_code(m, class_, label, value));
	}
	return (borne[ARM_CANARY] || !any[ARM_CANARY]) && (borne[ARM_BASELINE] || !any[ARM_BASELINE]);
}

/* google.rpc.Code: what a server is to blame for. */
static bool is_failed_call(const char *status)
{
	static const char *const failed[] = { "2", "4", "8", "12", "13", "14", "15" };

	for (size_t i = 0; i < sizeof failed / sizeof failed[0]; i++)
		if (strcmp(failed[i], status) == 0)
			return true;
	return false;
}

static bool has_failed_calls(const struct measure *m, const struct series_set *set, const signed char *arms)
{
	for (size_t i = 0; i < set->n && m->grpc_label != NULL; i++) {
		const char *status = arms[i] < 0 || strcmp(set->v[i].name, m->requests) != 0 ? NULL
											     : series_label(&set->v[i], m->grpc_label);

		if (status != NULL && is_failed_call(status))
			return true;
	}
	return false;
}

const char *measure_unseen_class(const struct measure *m, size_t n_classes, const char *const *classes, const struct series_set *set,
				 const signed char *arms)
{
	const char *pattern, *unborne = NULL;
	size_t calls = 0;

	for (size_t i = 0; i < n_classes; i++) {
		const char *label = label_of_class(m, classes[i], &pattern);

		calls += is_grpc(classes[i]);
		if (label == NULL)
			return classes[i];
		if (is_borne(m, label, classes[i], set, arms))
			continue;
		/* Requests that are no gRPC calls bear no status of one; another class may be seen. */
		if (!is_grpc(classes[i]) || n_classes == 1)
			return classes[i];
		unborne = classes[i];
	}
	if (calls == n_classes && unborne != NULL)
		return unborne;
	/* Linkerd's classification has them. */
	return calls == 0 && m->failed_label == NULL && has_failed_calls(m, set, arms) ? "gRPC" : NULL;
}

/* "5..|404": the classes that one label shows; "" if none. */
static const char *alternatives(const struct measure *m, size_t n_classes, const char *const *classes, const char *label,
				struct arena *arena)
{
	const char *text = "", *pattern;

	for (size_t i = 0; i < n_classes && text != NULL; i++) {
		const char *own = label_of_class(m, classes[i], &pattern);

		if (own != NULL && strcmp(own, label) == 0)
			text = arena_printf(arena, "%s%s%s", text, *text == '\0' ? "" : "|", pattern);
	}
	return text;
}

/* One term a label; a request that an earlier term has is left out of the later ones. */
const char *measure_error_query(const struct measure *m, size_t n_classes, const char *const *classes, const char *matchers, double window,
				struct arena *arena)
{
	const char *const labels[] = { m->code_label, m->failed_label, m->grpc_label };
	const char *all = "", *others = "";
	size_t terms = 0;

	for (size_t i = 0; i < 3 && all != NULL && others != NULL; i++) {
		const char *values = labels[i] == NULL || (i > 0 && labels[0] != NULL && strcmp(labels[i], labels[0]) == 0)
					     ? ""
					     : alternatives(m, n_classes, classes, labels[i], arena);

		if (values == NULL)
			return NULL;
		if (*values == '\0')
			continue;
		all = arena_printf(arena, "%s%s(sum(rate(%s{%s,%s=~\"%s\"%s}[%.0fs])) or vector(0))", all, *all == '\0' ? "" : " + ",
				   m->requests, matchers, labels[i], values, others, window);
		others = arena_printf(arena, "%s,%s!~\"%s\"", others, labels[i], values);
		terms++;
	}
	if (all == NULL || terms == 1)
		return all;
	return terms == 0 ? "vector(0)" : arena_printf(arena, "(%s)", all);
}
