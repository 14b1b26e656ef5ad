#include "lint-output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gonogo/buf.h"
#include "gonogo/utf8.h"

const char *lint_span(char text[static SPAN_TEXT_MAX], int64_t span)
{
	if (span > 0 && span % (60 * NS_PER_S) == 0)
		(void)snprintf(text, SPAN_TEXT_MAX, "%" PRId64 "m", span / (60 * NS_PER_S));
	else if (span % NS_PER_S == 0)
		(void)snprintf(text, SPAN_TEXT_MAX, "%" PRId64 "s", span / NS_PER_S);
	else
		(void)snprintf(text, SPAN_TEXT_MAX, "%" PRId64 "ms", span / NS_PER_MS);
	return text;
}

static void put(struct buf *out, const char *text)
{
	utf8_clean(out, text, strlen(text));
}

static void put_problem(struct buf *out, const struct lint_problem *p)
{
	put(out, p->file);
	buf_printf(out, ":%zu:%zu: %s: ", p->line, p->column, severity_name(p->rule->severity));
	if (p->object != NULL) {
		put(out, p->object);
		buf_puts(out, *p->path == '\0' ? ": " : " ");
	}
	if (*p->path != '\0') {
		put(out, p->path);
		buf_puts(out, ": ");
	}
	put(out, p->text);
	buf_printf(out, " [%s]\n    Why: %s\n    Fix: ", p->rule->id, p->rule->why);
	put(out, p->fix);
	buf_putc(out, '\n');
}

static const char *strategy_text(enum strategy strategy)
{
	static const char *const texts[] = { "canary", "A/B", "blue/green", "blue/green with mirroring" };

	return texts[strategy];
}

static void put_steps(struct buf *out, const struct lint_canary *c)
{
	char each[SPAN_TEXT_MAX], all[SPAN_TEXT_MAX];

	lint_span(each, c->spec.interval);
	if (c->spec.iterations > 0)
		buf_printf(out, "%" PRId64 " iterations, one every %s, no weight ladder", c->spec.iterations, each);
	else if (c->n_weights == 0)
		buf_puts(out, "no steps");
	for (size_t i = 0; i < c->n_weights; i++)
		buf_printf(out, "%s%.4g", i == 0 ? "weights " : ", ", c->weights[i]);
	if (c->n_weights > 0)
		buf_printf(out, " %%, a step every %s", each);
	if (c->duration > 0 && c->duration < INT64_MAX)
		buf_printf(out, ", %s in all", lint_span(all, c->duration));
}

static void put_bounds(struct buf *out, const struct canary_metric *m)
{
	const char *unit = strcmp(m->name, "request-success-rate") == 0 ? " %" : strcmp(m->name, "request-duration") == 0 ? " ms" : "";

	if (m->has_min)
		buf_printf(out, ", min %.10g%s", m->min, unit);
	if (m->has_max)
		buf_printf(out, ", max %.10g%s", m->max, unit);
	if (!m->has_min && !m->has_max)
		buf_puts(out, ", no threshold");
}

static void put_metric(struct buf *out, const struct lint_metric *m)
{
	char span[SPAN_TEXT_MAX];

	buf_puts(out, "  metric ");
	put(out, m->metric->name);
	buf_printf(out, ": window %s", m->metric->interval > 0 ? lint_span(span, m->metric->interval) : "none");
	put_bounds(out, m->metric);
	if (m->builtin)
		buf_puts(out, ", built in");
	if (m->template_ != NULL) {
		buf_puts(out, ", template ");
		put(out, m->template_);
		buf_puts(out, m->provider == NULL ? " (not among the files)" : "");
	}
	if (m->provider != NULL && strcmp(m->provider, "prometheus") != 0) {
		buf_puts(out, " of ");
		put(out, m->provider);
	}
	buf_putc(out, '\n');
	if (m->query != NULL) {
		buf_puts(out, "    asks: ");
		put(out, m->query);
		buf_putc(out, '\n');
	}
}

static void put_canary(struct buf *out, const struct lint_canary *c)
{
	buf_puts(out, "\nCanary ");
	put(out, c->spec.namespace_);
	buf_putc(out, '/');
	put(out, c->spec.name);
	buf_puts(out, " (");
	put(out, c->file);
	buf_printf(out, ":%zu)\n", c->line);
	if (c->refused)
		buf_printf(out, "  the cluster refuses this manifest; nothing of it takes effect%s\n", c->analysed ? ". As written:" : "");
	if (!c->analysed)
		return;
	buf_printf(out, "  strategy %s, provider ", strategy_text(c->spec.strategy));
	put(out, *c->spec.provider == '\0' ? "not set" : c->spec.provider);
	buf_puts(out, ": ");
	put_steps(out, c);
	buf_printf(out, "; %" PRId64 " failed checks roll back\n", c->spec.threshold);
	for (size_t i = 0; i < c->n_metrics; i++)
		put_metric(out, &c->metrics[i]);
}

static void put_count(struct buf *out, size_t n, const char *one, const char *many)
{
	buf_printf(out, "%zu %s", n, n == 1 ? one : many);
}

void lint_print_text(struct buf *out, const struct lint_result *r)
{
	for (size_t i = 0; i < r->n_problems; i++)
		put_problem(out, &r->problems[i]);
	for (size_t i = 0; i < r->n_canaries; i++)
		put_canary(out, &r->canaries[i]);
	buf_puts(out, r->n_problems + r->n_canaries > 0 ? "\n" : "");
	put_count(out, r->n_canaries, "Canary, ", "Canaries, ");
	put_count(out, r->n_templates, "MetricTemplate: ", "MetricTemplates: ");
	put_count(out, r->n[SEVERITY_ERROR], "error, ", "errors, ");
	put_count(out, r->n[SEVERITY_WARNING], "warning, ", "warnings, ");
	put_count(out, r->n[SEVERITY_NOTE], "note\n", "notes\n");
}
