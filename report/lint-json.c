#include "lint-output.h"

#include "gonogo/buf.h"
#include "gonogo/json.h"

static void put_problem(struct json_writer *w, const struct lint_problem *p)
{
	struct buf doc;

	buf_init(&doc, 256);
	buf_printf(&doc, "docs/lint.md#%s", p->rule->id);
	json_begin_object(w, NULL);
	json_put_string(w, "rule", p->rule->id);
	json_put_string(w, "severity", severity_name(p->rule->severity));
	json_put_string(w, "file", p->file);
	json_put_int(w, "line", (int64_t)p->line);
	json_put_int(w, "column", (int64_t)p->column);
	json_put_string(w, "object", p->object);
	json_put_string(w, "path", p->path);
	json_put_string(w, "text", p->text);
	json_put_string(w, "why", p->rule->why);
	json_put_string(w, "fix", p->fix);
	json_put_string(w, "doc", doc.data);
	json_end_object(w);
	buf_free(&doc);
}

static void put_bound(struct json_writer *w, const char *key, bool has, double value)
{
	if (has)
		json_put_number(w, key, value);
	else
		json_put_null(w, key);
}

static void put_metric(struct json_writer *w, const struct lint_metric *m)
{
	char span[SPAN_TEXT_MAX];

	json_begin_object(w, NULL);
	json_put_string(w, "name", m->metric->name);
	json_put_bool(w, "builtin", m->builtin);
	json_put_string(w, "interval", m->metric->interval > 0 ? lint_span(span, m->metric->interval) : NULL);
	put_bound(w, "min", m->metric->has_min, m->metric->min);
	put_bound(w, "max", m->metric->has_max, m->metric->max);
	json_put_string(w, "template", m->template_);
	json_put_string(w, "provider", m->provider);
	json_put_string(w, "query", m->query);
	json_end_object(w);
}

static void put_canary(struct json_writer *w, const struct lint_canary *c)
{
	json_begin_object(w, NULL);
	json_put_string(w, "namespace", c->spec.namespace_);
	json_put_string(w, "name", c->spec.name);
	json_put_string(w, "file", c->file);
	json_put_int(w, "line", (int64_t)c->line);
	json_put_bool(w, "refused", c->refused);
	json_put_string(w, "provider", c->spec.provider);
	json_put_string(w, "strategy", c->analysed ? strategy_name(c->spec.strategy) : NULL);
	json_put_number(w, "interval_seconds", (double)c->spec.interval / (double)NS_PER_S);
	json_put_int(w, "threshold", c->spec.threshold);
	json_put_int(w, "iterations", c->spec.iterations);
	json_begin_array(w, "weights");
	for (size_t i = 0; i < c->n_weights; i++)
		json_put_number(w, NULL, c->weights[i]);
	json_end_array(w);
	if (c->duration < INT64_MAX)
		json_put_number(w, "duration_seconds", (double)c->duration / (double)NS_PER_S);
	else
		json_put_null(w, "duration_seconds");
	json_begin_array(w, "metrics");
	for (size_t i = 0; i < c->n_metrics; i++)
		put_metric(w, &c->metrics[i]);
	json_end_array(w);
	json_end_object(w);
}

static void put_template(struct json_writer *w, const struct lint_template *t)
{
	json_begin_object(w, NULL);
	json_put_string(w, "namespace", t->namespace_);
	json_put_string(w, "name", t->name);
	json_put_string(w, "file", t->file);
	json_put_int(w, "line", (int64_t)t->line);
	json_put_string(w, "provider", t->provider);
	json_end_object(w);
}

void lint_print_json(struct buf *out, const struct lint_result *r)
{
	struct json_writer w;

	json_writer_init(&w, out, 1);
	json_begin_object(&w, NULL);
	json_put_string(&w, "schema", "gonogo/lint/v1");
	json_begin_object(&w, "counts");
	for (size_t i = 0; i < 3; i++)
		json_put_int(&w, severity_name((enum severity)i), (int64_t)r->n[i]);
	json_end_object(&w);
	json_begin_array(&w, "problems");
	for (size_t i = 0; i < r->n_problems; i++)
		put_problem(&w, &r->problems[i]);
	json_end_array(&w);
	json_begin_array(&w, "canaries");
	for (size_t i = 0; i < r->n_canaries; i++)
		put_canary(&w, &r->canaries[i]);
	json_end_array(&w);
	json_begin_array(&w, "templates");
	for (size_t i = 0; i < r->n_templates; i++)
		put_template(&w, &r->templates[i]);
	json_end_array(&w);
	json_end_object(&w);
	buf_putc(out, '\n');
}
