#include "compare.h"

#include <stdio.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/criteria.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/json.h"
#include "gonogo/utf8.h"

#define COMPARE_MAX ((size_t)64 * 1024 * 1024)

struct comparing {
	const struct cli *cli;
	const struct compare_options *options;
	struct session *s;
	struct buf out;
	struct json_writer w;
	size_t n, changed;
	size_t from[3], to[3]; /* verdicts */
};

static const struct criterion_result *find(const struct assessment *a, const char *name)
{
	for (size_t i = 0; i < a->n_results; i++)
		if (strcmp(a->results[i].criterion->name, name) == 0)
			return &a->results[i];
	return NULL;
}

static const char *state_of(const struct criterion_result *r)
{
	return r == NULL ? "not judged" : criterion_state_name(r->state);
}

static bool differs(const struct criterion_result *a, const struct criterion_result *b)
{
	return strcmp(state_of(a), state_of(b)) != 0 ||
	       (a != NULL && b != NULL && a->criterion->informational != b->criterion->informational);
}

/* ---- Text. */

static void put_clean(struct buf *out, const char *text)
{
	utf8_clean(out, text, strlen(text));
}

static void why_text(struct buf *out, const struct criterion_result *a, const struct criterion_result *b)
{
	const char *name = (b != NULL ? b : a)->criterion->name;

	if (!differs(a, b))
		return;
	buf_printf(out, "    %s: %s -> %s", name, state_of(a), state_of(b));
	if (b != NULL && b->criterion->informational)
		buf_puts(out, " (informational)");
	buf_puts(out, ": ");
	put_clean(out, b != NULL ? b->text : a->text);
	buf_putc(out, '\n');
}

static void changed_text(struct buf *out, const struct assessment *a, const struct assessment *b)
{
	char start[INSTANT_TEXT_MAX];
	bool any = false;

	buf_printf(out, "%s  %s -> %s  ", instant_rfc3339(start, a->rollout->started_at), verdict_word(a->verdict),
		   verdict_word(b->verdict));
	put_clean(out, a->rollout->id);
	buf_putc(out, '\n');
	for (size_t i = 0; i < a->n_results; i++) {
		const struct criterion_result *other = find(b, a->results[i].criterion->name);

		any = any || differs(&a->results[i], other);
		why_text(out, &a->results[i], other);
	}
	for (size_t i = 0; i < b->n_results; i++)
		if (find(a, b->results[i].criterion->name) == NULL) {
			any = true;
			why_text(out, NULL, &b->results[i]);
		}
	/* The criteria agree: then blast limits, evidence wanted or the outcome's rule made the difference. */
	if (!any) {
		buf_puts(out, "    ");
		put_clean(out, b->headline);
		buf_puts(out, " (before: ");
		put_clean(out, a->headline);
		buf_puts(out, ")\n");
	}
}

static void summary_text(struct comparing *c)
{
	buf_printf(&c->out, "%zu of %zu rollouts change", c->changed, c->n);
	buf_printf(&c->out, "; GO %zu -> %zu, NO-GO %zu -> %zu, HOLD %zu -> %zu\n", c->from[VERDICT_GO], c->to[VERDICT_GO],
		   c->from[VERDICT_NO_GO], c->to[VERDICT_NO_GO], c->from[VERDICT_HOLD], c->to[VERDICT_HOLD]);
}

/* ---- JSON. */

static void side_json(struct json_writer *w, const char *key, const struct assessment *a)
{
	json_begin_object(w, key);
	json_put_string(w, "verdict", verdict_name(a->verdict));
	json_put_string(w, "headline", a->headline);
	json_begin_array(w, "criteria");
	for (size_t i = 0; i < a->n_results; i++) {
		const struct criterion_result *r = &a->results[i];

		json_begin_object(w, NULL);
		json_put_string(w, "name", r->criterion->name);
		json_put_string(w, "state", criterion_state_name(r->state));
		json_put_string(w, "reason", r->reason);
		json_put_number(w, "value", r->value);
		json_put_number(w, "baseline", r->baseline);
		json_put_number(w, "limit", r->limit);
		json_put_string(w, "text", r->text);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
}

static void both_json(struct json_writer *w, const struct assessment *a, const struct assessment *b)
{
	json_begin_object(w, NULL);
	json_put_string(w, "rollout", a->rollout->id);
	json_put_bool(w, "changed", a->verdict != b->verdict);
	side_json(w, "against", a);
	side_json(w, "criteria", b);
	json_end_object(w);
}

/* ---- Over all. */

static int compare_one(struct comparing *c, const struct rollout *r, struct arena *arena, struct error *err)
{
	struct cli first = *c->cli;
	struct assessment a, b;

	first.criteria_file = c->options->against;
	if (session_assess(c->s, &first, r, &a, arena, err) < 0 || session_assess(c->s, c->cli, r, &b, arena, err) < 0)
		return error_wrap(err, "%.300s", r->id);
	if (c->options->filter.has_verdict && a.verdict != c->options->filter.verdict)
		return 0;
	c->n++;
	c->from[a.verdict]++;
	c->to[b.verdict]++;
	c->changed += a.verdict != b.verdict;
	if (c->options->filter.format == RUNS_JSON)
		both_json(&c->w, &a, &b);
	else if (a.verdict != b.verdict)
		changed_text(&c->out, &a, &b);
	return 0;
}

static int compare_each(struct comparing *c, struct error *err)
{
	for (size_t i = 0; i < c->s->rollouts.n; i++) {
		struct arena *arena;
		int rc;

		if (!runs_lets_through(&c->options->filter, &c->s->rollouts.v[i]))
			continue;
		arena = session_arena();
		rc = arena == NULL ? error_nomem(err) : compare_one(c, &c->s->rollouts.v[i], arena, err);
		arena_free(arena);
		if (rc < 0)
			return -1;
	}
	return 0;
}

int compare_all(const struct cli *cli, const struct compare_options *options, struct session *s, struct error *err)
{
	struct comparing c = { .cli = cli, .options = options, .s = s };
	int rc = -1;

	buf_init(&c.out, COMPARE_MAX);
	json_writer_init(&c.w, &c.out, 1);
	if (options->filter.format == RUNS_JSON)
		json_begin_array(&c.w, NULL);
	if (compare_each(&c, err) < 0)
		goto out;
	if (options->filter.format == RUNS_JSON) {
		json_end_array(&c.w);
		buf_putc(&c.out, '\n');
	} else {
		summary_text(&c);
	}
	if (buf_check(&c.out, "comparison", err) == 0)
		rc = cli_write(c.out.data, c.out.len, err);
out:
	buf_free(&c.out);
	return rc;
}
