/* gonogo plan: what a canary needs before its criteria can decide anything. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "decisions.h"
#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/criteria.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/json.h"
#include "gonogo/plan.h"
#include "gonogo/utf8.h"

/* Baselines that are older say little of today's traffic. */
#define PAST_MAX 5
#define PLAN_MAX ((size_t)1024 * 1024)

static const struct option options[] = { CLI_OPTIONS, { "output", required_argument, NULL, 'o' }, { NULL, 0, NULL, 0 } };

static void help(void)
{
	puts("Usage: gonogo plan NAMESPACE/CANARY [-o text|json] [--criteria FILE] [OPTION]...\n\n"
	     "Tells from the last rollouts' baselines what this canary needs before its criteria can decide: how much traffic and time, "
	     "and which\n"
	     "histogram edges; and prints the Traefik arguments and Canary fields to change. Needs are for a canary that is like its "
	     "baseline:\n"
	     "nine of ten such canaries then pass.\n\n"
	     "  --criteria FILE     for these criteria (default: those in force at the start of the latest rollout)\n"
	     "  -o text|json        form of the output\n" LOGS_HELP
	     "\nExit codes: 0; 2 usage; 4 no rollout of that canary in the log; 5 other failure.");
}

/* ---- Text. */

static void history_text(struct buf *out, const struct plan_history *h)
{
	if (h->rollouts == 0) {
		buf_puts(out, "History: no request of the baseline was seen in any rollout.\n");
		return;
	}
	buf_printf(out, "History: %zu rollout%s, %.3g requests/s", h->rollouts, h->rollouts == 1 ? "" : "s", h->rate);
	if (h->rate_most > h->rate_least * 1.05)
		buf_printf(out, " (%.3g to %.3g)", h->rate_least, h->rate_most);
	buf_printf(out, ", %lld of %lld baseline requests failed, %zu histogram edges\n", (long long)h->failed, (long long)h->requests,
		   h->n_edges);
}

static void ladder_text(struct buf *out, const struct plan *p)
{
	char span[INSTANT_TEXT_MAX], evidence[INSTANT_TEXT_MAX];

	duration_words(span, (int64_t)p->ladder_seconds * NS_PER_S);
	duration_words(evidence, (int64_t)p->evidence_seconds * NS_PER_S);
	buf_printf(out, "Ladder:  %zu steps of %.0f s, %s; %s of them at %.3g %% or more, which count for a PASS\n", p->n_steps,
		   p->interval, span, evidence, p->evidence_weight * 100);
}

static void need_text(struct buf *out, const struct plan_need *n)
{
	buf_printf(out, "  %-9s %-18s ", plan_state_name(n->state), n->criterion->name);
	utf8_clean(out, n->text, strlen(n->text));
	if (!isnan(n->detects_from))
		buf_printf(out, "; a canary %.2g times as bad or worse is failed", n->detects_from);
	buf_puts(out, n->criterion->informational ? " (informational)\n" : "\n");
}

static void change_text(struct buf *out, const struct plan_change *c)
{
	buf_printf(out, "  %s: %s%s%s", c->object, c->path, strncmp(c->path, "--", 2) == 0 ? "=" : ": ", c->to);
	if (c->from != NULL)
		buf_printf(out, "   (now %s)", c->from);
	buf_printf(out, "\n      %s\n", c->why);
}

static void plan_text(struct buf *out, const struct plan *p)
{
	history_text(out, p->history);
	ladder_text(out, p);
	buf_puts(out, "Criteria:\n");
	for (size_t i = 0; i < p->n_needs; i++)
		need_text(out, &p->needs[i]);
	if (p->n_changes == 0)
		buf_puts(out, p->suffices ? "Nothing to change: the ladder decides.\n" : "No change of time or edges would do.\n");
	else
		buf_puts(out, "Change:\n");
	for (size_t i = 0; i < p->n_changes; i++)
		change_text(out, &p->changes[i]);
}

/* ---- JSON. */

static void history_json(struct json_writer *w, const struct plan_history *h)
{
	json_begin_object(w, "history");
	json_put_int(w, "rollouts", (int64_t)h->rollouts);
	json_put_number(w, "requests_per_second", h->rate);
	json_put_number(w, "least", h->rate_least);
	json_put_number(w, "most", h->rate_most);
	json_put_int(w, "baseline_requests", h->requests);
	json_put_int(w, "baseline_failed", h->failed);
	json_begin_array(w, "edges");
	for (size_t i = 0; i < h->n_edges; i++)
		json_put_number(w, NULL, h->edges[i]);
	json_end_array(w);
	json_end_object(w);
}

static void need_json(struct json_writer *w, const struct plan_need *n)
{
	json_begin_object(w, NULL);
	json_put_string(w, "name", n->criterion->name);
	json_put_string(w, "state", plan_state_name(n->state));
	json_put_string(w, "by", n->by);
	json_put_number(w, "requests", n->requests);
	json_put_number(w, "seconds", n->seconds);
	json_put_number(w, "has_seconds", n->has_seconds);
	json_put_number(w, "interval", n->interval);
	json_put_number(w, "detects_from", n->detects_from);
	json_put_string(w, "text", n->text);
	json_end_object(w);
}

static void plan_json(struct buf *out, const struct plan *p)
{
	struct json_writer w;

	json_writer_init(&w, out, 1);
	json_begin_object(&w, NULL);
	json_put_string(&w, "namespace", p->spec->namespace_);
	json_put_string(&w, "canary", p->spec->name);
	json_put_bool(&w, "suffices", p->suffices);
	history_json(&w, p->history);
	json_begin_object(&w, "ladder");
	json_put_int(&w, "steps", (int64_t)p->n_steps);
	json_put_number(&w, "interval", p->interval);
	json_put_number(&w, "seconds", p->ladder_seconds);
	json_put_number(&w, "evidence_weight", p->evidence_weight * 100);
	json_put_number(&w, "evidence_seconds", p->evidence_seconds);
	json_end_object(&w);
	json_begin_array(&w, "criteria");
	for (size_t i = 0; i < p->n_needs; i++)
		need_json(&w, &p->needs[i]);
	json_end_array(&w);
	json_begin_array(&w, "changes");
	for (size_t i = 0; i < p->n_changes; i++) {
		json_begin_object(&w, NULL);
		json_put_string(&w, "object", p->changes[i].object);
		json_put_string(&w, "path", p->changes[i].path);
		json_put_string(&w, "from", p->changes[i].from);
		json_put_string(&w, "to", p->changes[i].to);
		json_put_string(&w, "why", p->changes[i].why);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	buf_putc(out, '\n');
}

/* ---- Gathering. */

static bool same_canary(const struct rollout *a, const struct rollout *b)
{
	return strcmp(a->namespace_, b->namespace_) == 0 && strcmp(a->canary, b->canary) == 0;
}

/* The last rollouts' baselines, newest first. latest gets the newest's assessment, whose criteria all are judged by. */
static int gather(struct session *s, const struct cli *cli, const struct rollout *latest, struct assessment *a,
		  const struct baseline **past, size_t *n, struct arena *arena, struct error *err)
{
	*n = 0;
	for (size_t i = s->rollouts.n; i-- > 0 && *n < PAST_MAX;) {
		struct assessment *one = &a[*n];

		if (!same_canary(&s->rollouts.v[i], latest) || s->rollouts.v[i].started_at > latest->started_at)
			continue;
		if (session_assess(s, cli, &s->rollouts.v[i], one, arena, err) < 0)
			return -1;
		past[(*n)++] = &one->baseline;
	}
	return 0;
}

static const double *ladder(const struct assessment *a, size_t *n, struct arena *arena)
{
	size_t iterations = a->rollout->spec.iterations > 0 ? (size_t)a->rollout->spec.iterations : 0;
	double *exposures;

	*n = iterations > 0 ? iterations : a->n_planned;
	exposures = arena_alloc(arena, (*n + 1) * sizeof *exposures);
	for (size_t i = 0; exposures != NULL && i < *n; i++)
		exposures[i] = iterations > 0 ? 1 : a->planned[i] / 100;
	return exposures;
}

static int plan(const struct cli *cli, struct session *s, const char *name, struct arena *arena, struct error *err)
{
	struct assessment *a = arena_alloc(arena, PAST_MAX * sizeof *a);
	const struct baseline *past[PAST_MAX];
	const struct rollout *latest;
	const double *exposures;
	struct plan_history history;
	struct plan out;
	struct buf text;
	size_t n, n_steps;
	int rc = -1;

	buf_init(&text, PLAN_MAX);
	if (a == NULL) {
		error_nomem(err);
		goto out;
	}
	if (session_find(s, name, &latest, err) < 0 || gather(s, cli, latest, a, past, &n, arena, err) < 0 ||
	    plan_history_of(&history, past, n, a[0].criteria->n, arena, err) < 0)
		goto out;
	exposures = ladder(&a[0], &n_steps, arena);
	if (exposures == NULL) {
		error_nomem(err);
		goto out;
	}
	if (plan_make(&out, &latest->spec, exposures, n_steps, a[0].criteria, &history, arena, err) < 0)
		goto out;
	if (cli->json)
		plan_json(&text, &out);
	else
		plan_text(&text, &out);
	if (buf_check(&text, "plan", err) == 0)
		rc = cli_write(text.data, text.len, err);
out:
	buf_free(&text);
	return rc;
}

int cmd_plan(int argc, char **argv)
{
	static const struct cli_parser parser = {
		.program = "gonogo plan", .shorts = "o:", .longs = options, .help = help, .min_arguments = 1, .max_arguments = 1
	};
	struct arena *arena;
	struct session s;
	struct error err;
	struct cli cli;
	int code = cli_parse(&cli, &parser, argc, argv);

	if (code >= 0)
		return code;
	arena = session_arena();
	code = EXIT_GO;
	if (session_open(&s, &cli, &err) < 0 || (arena == NULL ? error_nomem(&err) : plan(&cli, &s, argv[optind], arena, &err)) < 0)
		code = cli_fail(&cli, &err);
	arena_free(arena);
	session_close(&s);
	return code;
}
