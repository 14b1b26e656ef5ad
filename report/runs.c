#include "runs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "csv.h"
#include "decisions.h"
#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/criteria.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/json.h"
#include "gonogo/ruling.h"
#include "gonogo/utf8.h"

void runs_filter_init(struct runs_filter *filter)
{
	*filter = (struct runs_filter){ .since = INSTANT_NONE, .until = INSTANT_NONE };
}

static const char *read_format(struct runs_filter *filter, const char *value)
{
	static const char *const words[] = { [RUNS_TEXT] = "text", [RUNS_JSON] = "json", [RUNS_CSV] = "csv" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i], value) == 0) {
			filter->format = (enum runs_format)i;
			return NULL;
		}
	return "-o and --format take text, json or csv";
}

static const char *read_verdict(struct runs_filter *filter, const char *value)
{
	static const enum verdict all[] = { VERDICT_GO, VERDICT_NO_GO, VERDICT_HOLD };

	filter->has_verdict = true;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strcmp(verdict_name(all[i]), value) == 0) {
			filter->verdict = all[i];
			return NULL;
		}
	return "--verdict takes go, no-go or hold";
}

bool runs_option(struct runs_filter *filter, int c, const char *value, const char **text)
{
	switch (c) {
	case 'o':
	case OPT_RUNS_FORMAT:
		*text = read_format(filter, value);
		return true;
	case OPT_SINCE:
	case OPT_UNTIL_TIME:
		if (instant_parse(c == OPT_SINCE ? &filter->since : &filter->until, value, NULL) < 0)
			*text = "--since and --until take a time such as 2025-06-12T14:00:04Z";
		return true;
	case OPT_CANARY:
		filter->canary = value;
		if (strchr(value, '/') == NULL)
			*text = "--canary takes NAMESPACE/CANARY";
		return true;
	case OPT_VERDICT:
		*text = read_verdict(filter, value);
		return true;
	default:
		return false;
	}
}

/* ---- Collecting. */

bool runs_lets_through(const struct runs_filter *f, const struct rollout *r)
{
	size_t len = strlen(r->namespace_);

	if ((f->since != INSTANT_NONE && r->started_at < f->since) || (f->until != INSTANT_NONE && r->started_at > f->until))
		return false;
	return f->canary == NULL ||
	       (strncmp(f->canary, r->namespace_, len) == 0 && f->canary[len] == '/' && strcmp(f->canary + len + 1, r->canary) == 0);
}

static const char *failing(const struct assessment *a, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < a->n_results && text != NULL; i++)
		if (a->results[i].state == CRITERION_FAIL)
			text = arena_printf(arena, "%s%s%s", text, *text == '\0' ? "" : " ", a->results[i].criterion->name);
	return text;
}

static double detected_after(const struct assessment *a)
{
	int64_t first = a->first_sign.to;

	if (first == INSTANT_NONE || a->n_steps == 0 || first < a->steps[0].step->from)
		return NAN;
	return (double)(first - a->steps[0].step->from) / (double)NS_PER_S;
}

static int keep(struct runs *out, struct session *s, const struct assessment *a, struct error *err)
{
	struct run *v = arena_grow(s->arena, out->v, out->n, &out->cap, sizeof *v);

	if (v == NULL)
		return error_nomem(err);
	out->v = v;
	v[out->n] = (struct run){ .rollout = a->rollout,
				  .verdict = a->verdict,
				  .effective = a->ruling->effective,
				  .headline = arena_strdup(s->arena, a->headline),
				  .highest_exposure = a->highest_exposure,
				  .n_steps = a->n_steps,
				  .failing = failing(a, s->arena),
				  .containment = a->containment.state,
				  .contained_after = a->containment.seconds,
				  .detected_after = detected_after(a) };
	if (v[out->n].headline == NULL || v[out->n].failing == NULL)
		return error_nomem(err);
	out->n++;
	return 0;
}

static int judge(struct runs *out, struct session *s, const struct cli *cli, const struct runs_filter *filter, const struct rollout *r,
		 struct error *err)
{
	struct arena *arena = session_arena();
	struct assessment a;
	int rc = -1;

	if (arena == NULL)
		return error_nomem(err);
	if (session_assess(s, cli, r, &a, arena, err) < 0 || decisions_rule(s, &a, INSTANT_NONE, arena, err) < 0)
		error_wrap(err, "%.300s", r->id);
	else
		rc = filter->has_verdict && a.verdict != filter->verdict ? 0 : keep(out, s, &a, err);
	arena_free(arena);
	return rc;
}

int runs_collect(struct runs *out, struct session *s, const struct cli *cli, const struct runs_filter *filter, struct error *err)
{
	*out = (struct runs){ 0 };
	for (size_t i = 0; i < s->rollouts.n; i++)
		if (runs_lets_through(filter, &s->rollouts.v[i]) && judge(out, s, cli, filter, &s->rollouts.v[i], err) < 0)
			return -1;
	return 0;
}

/* ---- Printing. */

static void put_id(struct buf *out, const char *id)
{
	utf8_clean(out, id, strlen(id));
	buf_putc(out, '\n');
}

static void text_row(struct buf *out, const struct run *run)
{
	const struct rollout *r = run->rollout;
	char start[INSTANT_TEXT_MAX], span[INSTANT_TEXT_MAX] = "running", verdict[40];

	if (r->ended_at != INSTANT_NONE)
		duration_words(span, r->ended_at - r->started_at);
	(void)snprintf(verdict, sizeof verdict, run->effective == run->verdict ? "%s" : "%s*", verdict_word(run->verdict));
	/* U+00A0 counts as one column but two bytes: pad by hand. */
	buf_printf(out, "%s  %-7s %-21s %5.1f %%  %5zu  %s%*s  %-24s ", instant_rfc3339(start, r->started_at), verdict,
		   outcome_name(r->outcome), run->highest_exposure * 100, run->n_steps, span, (int)(14 - utf8_length(span)), "",
		   *run->failing == '\0' ? "none" : run->failing);
	put_id(out, r->id);
}

void runs_text(struct buf *out, const struct runs *runs)
{
	bool overridden = false;

	if (runs->n > 0)
		buf_puts(out, "START                 VERDICT OUTCOME              EXPOSURE  STEPS  DURATION        FAILING                  "
			      "ROLLOUT\n");
	for (size_t i = 0; i < runs->n; i++) {
		text_row(out, &runs->v[i]);
		overridden = overridden || runs->v[i].effective != runs->v[i].verdict;
	}
	if (overridden)
		buf_puts(out, "* people decided otherwise, or are waited for: gonogo show tells\n");
}

static void cell(struct buf *out, const char *text, const char *end)
{
	csv_put_text(out, text);
	buf_puts(out, end);
}

static void number_cell(struct buf *out, double value, const char *end)
{
	char text[40] = "";

	if (!isnan(value))
		(void)snprintf(text, sizeof text, "%.10g", value);
	cell(out, text, end);
}

void runs_csv(struct buf *out, const struct runs *runs)
{
	char at[INSTANT_TEXT_MAX];

	buf_puts(out,
		 "\"id\",\"namespace\",\"canary\",\"started_at\",\"ended_at\",\"duration_seconds\",\"verdict\",\"effective\",\"outcome\","
		 "\"outcome_reason\",\"highest_exposure\",\"steps\",\"failing\",\"detected_after_seconds\",\"contained_after_seconds\","
		 "\"headline\"\r\n");
	for (size_t i = 0; i < runs->n; i++) {
		const struct run *run = &runs->v[i];
		const struct rollout *r = run->rollout;
		bool ended = r->ended_at != INSTANT_NONE;

		cell(out, r->id, ",");
		cell(out, r->namespace_, ",");
		cell(out, r->canary, ",");
		cell(out, instant_rfc3339_ms(at, r->started_at), ",");
		cell(out, ended ? instant_rfc3339_ms(at, r->ended_at) : "", ",");
		number_cell(out, ended ? (double)(r->ended_at - r->started_at) / (double)NS_PER_S : NAN, ",");
		cell(out, verdict_name(run->verdict), ",");
		cell(out, verdict_name(run->effective), ",");
		cell(out, outcome_name(r->outcome), ",");
		cell(out, r->outcome_reason, ",");
		number_cell(out, run->highest_exposure * 100, ",");
		number_cell(out, (double)run->n_steps, ",");
		cell(out, run->failing, ",");
		number_cell(out, run->detected_after, ",");
		number_cell(out, run->contained_after, ",");
		cell(out, run->headline, "\r\n");
	}
}

static void put_failing(struct json_writer *w, const char *failing)
{
	char name[80];

	json_begin_array(w, "failing");
	while (*failing != '\0') {
		size_t n = strcspn(failing, " ");

		(void)snprintf(name, sizeof name, "%.*s", (int)n, failing);
		json_put_string(w, NULL, name);
		failing += n + strspn(failing + n, " ");
	}
	json_end_array(w);
}

void runs_json(struct json_writer *w, const char *key, const struct runs *runs)
{
	static const char *const states[] = { "not-needed", "confirmed", "not-confirmed" };

	json_begin_array(w, key);
	for (size_t i = 0; i < runs->n; i++) {
		const struct run *run = &runs->v[i];
		const struct rollout *r = run->rollout;

		json_begin_object(w, NULL);
		json_put_string(w, "id", r->id);
		json_put_string(w, "cluster", r->cluster);
		json_put_string(w, "namespace", r->namespace_);
		json_put_string(w, "canary", r->canary);
		json_put_string(w, "verdict", verdict_name(run->verdict));
		json_put_string(w, "effective", verdict_name(run->effective));
		json_put_string(w, "headline", run->headline);
		json_put_string(w, "outcome", outcome_name(r->outcome));
		json_put_string(w, "outcome_reason", r->outcome_reason);
		json_put_instant(w, "started_at", r->started_at);
		json_put_instant(w, "ended_at", r->ended_at);
		json_put_number(w, "highest_exposure", run->highest_exposure * 100);
		json_put_int(w, "steps", (int64_t)run->n_steps);
		json_put_int(w, "attempt", r->attempts);
		put_failing(w, run->failing);
		json_put_string(w, "containment", states[run->containment]);
		json_put_number(w, "detected_after_seconds", run->detected_after);
		json_put_number(w, "contained_after_seconds", run->contained_after);
		json_end_object(w);
	}
	json_end_array(w);
}
