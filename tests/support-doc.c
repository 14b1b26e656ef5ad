#include "support-doc.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/doc.h"
#include "gonogo/instant.h"

#define NBSP "\xC2\xA0"
#define MINUTE (60 * NS_PER_S)
/* 2025-06-12 14:00:00 UTC. */
#define START (INT64_C(1749736800) * NS_PER_S)
#define POINTS 81

/* Ends in the ids named, separated by spaces. */
static struct text cited(struct doc *d, const char *marked, const char *ids)
{
	struct text text = text_of(d, marked);

	while (*ids != '\0') {
		size_t n = strcspn(ids, " ");

		span_cite(d, &text, doc_printf(d, "%.*s", (int)n, ids));
		ids += n;
		ids += strspn(ids, " ");
	}
	return text;
}

/* ---- Charts: every half minute, the same noise each time. */

static double noise(size_t i, unsigned seed)
{
	unsigned x = (unsigned)i * 2654435761u + seed * 40503u;

	x ^= x >> 15;
	x *= 2246822519u;
	x ^= x >> 13;
	return (double)(x % 2001) / 1000 - 1;
}

/* Share of the way from the level at 20 % to that at 30 %. */
static double risen(double minute)
{
	return fmin(fmax((minute - 15) / 3.5, 0), 1);
}

struct shape {
	double base, base_noise, low, high, spread, band_low, band_high, limit_times, limit;
};

static const struct chart_point *make_points(struct doc *d, const struct shape *s, bool failing)
{
	struct chart_point *p = arena_alloc(d->arena, POINTS * sizeof *p);

	for (size_t i = 0; i < POINTS; i++) {
		double minute = (double)i / 2, up = failing ? risen(minute) : 0;
		bool seen = minute >= 5 && minute <= 30 && !(failing && minute > 7.5 && minute < 10);
		double value = s->low + (s->high - s->low) * up + s->spread * noise(i, 7) * (1 + up);
		double band = s->band_low + (s->band_high - s->band_low) * up;

		p[i] = (struct chart_point){ .at = START + (int64_t)(minute * (double)MINUTE), .canary = NAN, .lo = NAN, .hi = NAN };
		p[i].baseline = s->base + s->base_noise * noise(i, 3);
		p[i].limit = s->limit_times > 0 ? s->base * s->limit_times : s->limit;
		if (!seen)
			continue;
		p[i].canary = value;
		if (band > 0) {
			p[i].lo = value - band;
			p[i].hi = value + band;
		}
	}
	return p;
}

static struct chart_time *make_time(struct doc *d, bool failing)
{
	static const struct chart_step steps[] = { { START + 5 * MINUTE, START + 10 * MINUTE, 0.1, "10" NBSP "%" },
						   { START + 10 * MINUTE, START + 15 * MINUTE, 0.2, "20" NBSP "%" },
						   { START + 15 * MINUTE, START + 30 * MINUTE, 0.3, "30" NBSP "%" } };
	static const struct chart_step all[] = { { START + 5 * MINUTE, START + 10 * MINUTE, 0.1, "10" NBSP "%" },
						 { START + 10 * MINUTE, START + 15 * MINUTE, 0.2, "20" NBSP "%" },
						 { START + 15 * MINUTE, START + 20 * MINUTE, 0.3, "30" NBSP "%" },
						 { START + 20 * MINUTE, START + 25 * MINUTE, 0.4, "40" NBSP "%" },
						 { START + 25 * MINUTE, START + 30 * MINUTE, 0.5, "50" NBSP "%" } };
	static const struct chart_gap gaps[] = { { START + 7 * MINUTE + MINUTE / 2, START + 10 * MINUTE, "G-01" } };
	static const struct chart_event events[] = {
		{ START + 4 * NS_PER_S, "E-012", 2, false }, { START + 5 * MINUTE, "E-014", 3, false },
		{ START + 10 * MINUTE, "E-019", 3, false },  { START + 15 * MINUTE, "E-024", 3, false },
		{ START + 16 * MINUTE, "E-028", 5, true },   { START + 20 * MINUTE, "E-031", 4, true },
		{ START + 25 * MINUTE, "E-036", 4, true },   { START + 30 * MINUTE, "E-041", 1, true },
	};
	static const struct chart_check checks[] = { { START + 10 * MINUTE, CHART_OPEN },
						     { START + 15 * MINUTE, CHART_PASS },
						     { START + 20 * MINUTE, CHART_FAIL },
						     { START + 25 * MINUTE, CHART_FAIL } };
	struct chart_time *t = arena_alloc(d->arena, sizeof *t);

	*t = (struct chart_time){
		.from = START, .to = START + 40 * MINUTE, .steps_title = "canary weight", .checks_note = "2 failed = rollback"
	};
	t->steps = failing ? steps : all;
	t->n_steps = failing ? 3 : 5;
	t->gaps = gaps;
	t->n_gaps = failing ? 1 : 0;
	t->events = events;
	t->n_events = failing ? 8 : 4;
	t->checks = checks;
	t->n_checks = failing ? 4 : 2;
	return t;
}

static void put_charts(struct doc *d, bool failing)
{
	static const struct shape error = { 0.31, 0.02, 0.33, 1.25, 0.04, 0.14, 0.1, 2, 0 };
	static const struct shape latency = { 190, 4, 197, 215, 5, 0, 0, 1.3, 0 };
	static const struct shape success = { 99.93, 0.01, 99.91, 99.47, 0.02, 0, 0, 0, 99 };
	struct chart *c = arena_alloc(d->arena, 3 * sizeof *c);
	const struct chart_time *time = make_time(d, failing);

	c[0] = (struct chart){
		.name = "error-rate",
		.title = "Error rate",
		.definition = "% of requests answered 5xx, 5-min rate; band = 95" NBSP "% interval",
		.alt = "Error rate of canary and baseline; the canary's rises at 30 % weight from 0.33 % to 1.27 %, the limit is 0.62 %.",
		.points = make_points(d, &error, failing),
		.from_zero = true,
		.top = 100,
		.unit = NBSP "%",
		.canary_label = failing ? "canary 1.27" NBSP "%" : "canary 0.33" NBSP "%",
		.baseline_label = "baseline 0.31" NBSP "%",
		.limit_label = "limit 2 × baseline"
	};
	c[1] = (struct chart){ .name = "p95-latency",
			       .title = "p95 latency",
			       .definition = "ms, 95th percentile of request duration",
			       .alt = "p95 latency of canary and baseline, 221 ms against 190 ms, limit 247 ms.",
			       .points = make_points(d, &latency, failing),
			       .from_zero = true,
			       .top = NAN,
			       .unit = NBSP "ms",
			       .canary_label = "canary 221" NBSP "ms",
			       .baseline_label = "baseline 190" NBSP "ms",
			       .limit_label = "limit +30" NBSP "%" };
	c[2] = (struct chart){ .name = "success-rate",
			       .title = "Success rate",
			       .definition = "% of requests to the guarded endpoint",
			       .alt = "Success rate of canary and baseline, 99.47 % against 99.93 %, limit 99.00 %.",
			       .points = make_points(d, &success, failing),
			       .lower_is_worse = true,
			       .top = 100,
			       .unit = NBSP "%",
			       .canary_label = failing ? "canary 99.47" NBSP "%" : "canary 99.90" NBSP "%",
			       .baseline_label = "baseline 99.93" NBSP "%",
			       .limit_label = "limit 99.00" NBSP "%" };
	for (int i = 0; i < 3; i++) {
		c[i].time = time;
		c[i].n_points = POINTS;
		c[i].hole = MINUTE;
	}
	d->charts = c;
	d->n_charts = 3;
}

/* ---- Page 1. */

static void put_titles(struct doc *d, enum doc_verdict verdict)
{
	d->verdict = verdict;
	d->subject = "develop/backend";
	d->title = doc_printf(d, "%s: develop/backend, 2025-06-12 14:00 UTC", doc_verdict_word(d));
	d->keywords = "canary";
	d->evaluated = "evaluated 2025-06-12 14:41:10 UTC (+00:00)";
	d->footer = "develop/backend · run 2025-06-12T14:00:04Z · evidence sha256 5f1d0c9e…a27b";
	d->dated = START + 41 * MINUTE + 10 * NS_PER_S;
	memcpy(d->digest, "\x5f\x1d\x0c\x9e\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c", 16);
}

static void put_rolled_out(struct doc *d)
{
	struct block *b = &d->rolled_out;

	keys_add(d, b,
		 (struct key){ "Canary", text_code(d, "develop/backend"), "Started", text_of(d, "2025-06-12 14:00:04 UTC"), { 0 }, NULL });
	keys_add(d, b,
		 (struct key){ "Strategy",
			       text_of(d, "10" NBSP "% steps to 50" NBSP "%, a check every 5" NBSP "min"),
			       "Ended",
			       text_of(d, "2025-06-12 14:30:34 UTC, after 30" NBSP "min 30" NBSP "s"),
			       { 0 },
			       NULL });
	keys_add(d, b,
		 (struct key){ .label = "Old image",
			       .value = text_code(d, "registry.example.net/shop/backend:2.14.3"),
			       .right = text_code(d, "sha256:9f3c41d2a7e0…77be") });
	keys_add(d, b,
		 (struct key){ .label = "New image",
			       .value = text_code(d, "registry.example.net/shop/backend:2.15.0"),
			       .right = text_code(d, "sha256:b81e06aa54c9…1c90") });
}

static void begin_ladder(struct doc *d)
{
	static const char *heads[] = { "Error rate", "p95 latency", "Success rate" };

	d->ladder.note = "a row per weight step: canary value, with baseline and limit below it";
	d->ladder.step_head = "Weight";
	d->ladder.n_criteria = 3;
	d->ladder.criteria = heads;
	d->ladder.nothing = text_of(d, "The canary never had traffic under analysis: there is no step to show.");
}

static struct ladder_cell value_cell(struct doc *d, const char *value, const char *second, enum mark mark, double margin)
{
	return (struct ladder_cell){ .mark = mark, .value = value, .second = text_of(d, second), .margin = margin };
}

static struct ladder_row *add_step(struct doc *d, const char *weight, const char *from, const char *to)
{
	struct ladder_row *r = ladder_add(d);

	r->weight = weight;
	r->from = from;
	r->to = to;
	return r;
}

static void passing_step(struct doc *d, const char *weight, const char *from, const char *to, const char *error, const char *p95,
			 const char *success, double margin)
{
	struct ladder_row *r = add_step(d, weight, from, to);

	r->word = "PASS";
	r->cells[0] = value_cell(d, error, "base 0.31 · limit <" NBSP "0.62", MARK_PASS, margin);
	r->cells[1] = value_cell(d, p95, "base 190 · limit <" NBSP "247", MARK_PASS, margin);
	r->cells[2] = value_cell(d, success, "base 99.93 · limit ≥" NBSP "99.00", MARK_PASS, margin);
}

static void failing_step(struct doc *d, const char *weight, const char *from, const char *to)
{
	struct ladder_row *r = add_step(d, weight, from, to);

	r->state = STEP_FAIL;
	r->word = "FAIL";
	r->word_second = "1 of 3 failed";
	r->cells[0] = value_cell(d, "1.27" NBSP "%", "base 0.31 · limit <" NBSP "0.62", MARK_FAIL, -1);
	r->cells[1] = value_cell(d, "221" NBSP "ms", "base 190 · limit <" NBSP "247", MARK_PASS, 0.1);
	r->cells[2] = value_cell(d, "99.47" NBSP "%", "base 99.93 · limit ≥" NBSP "99.00", MARK_PASS, 0.1);
}

static void blind_step(struct doc *d, const char *weight, const char *from, const char *to)
{
	struct ladder_row *r = add_step(d, weight, from, to);

	r->state = STEP_OPEN;
	r->word = "not evaluable";
	for (int i = 0; i < 3; i++) {
		r->cells[i] = value_cell(d, "not evaluable", "2.5 of 5" NBSP "min seen", MARK_OPEN, NAN);
		span_cite(d, &r->cells[i].second, "G-01");
	}
}

static void missing_step(struct doc *d, const char *weight)
{
	struct ladder_row *r = ladder_add(d);

	r->weight = weight;
	r->state = STEP_NOT_REACHED;
}

/* ---- Sections. */

static void put_row(struct doc *d, struct table *t, const char *const *texts, size_t n)
{
	struct row *r = table_row(d, t);

	for (size_t i = 0; i < n; i++)
		r->cells[i].text = text_of(d, texts[i]);
	r->cells[0].bold = true;
	r->cells[0].anchor = texts[0];
}

static void put_timeline(struct doc *d, size_t events, const char *name)
{
	static const struct column columns[] = { { "UTC", 0.105, false, false },
						 { "Evidence", 0.092, false, false },
						 { "Source", 0.128, false, false },
						 { "What happened", 0.675, false, false } };
	static const char *const rows[][4] = {
		{ "14:00:04", "E-012", "Flagger", "New revision detected; scaling up `backend.develop`" },
		{ "14:05:04", "E-014", "Flagger", "Canary weight 10" NBSP "%" },
		{ "14:07:30", "G-01", "gap", "No samples for the canary until 14:10:00: Prometheus target missing" },
		{ "14:10:04", "E-019", "Flagger", "Canary weight 20" NBSP "%" },
		{ "14:15:04", "E-024", "Flagger", "Canary weight 30" NBSP "%" },
		{ "14:16:00", "E-028", "Prometheus", "Error rate exceeds its limit: 0.64" NBSP "% against 0.62" NBSP "%" },
		{ "14:20:04", "E-031", "Flagger", "Check 1 failed: error rate 1.24" NBSP "%; advancement halted" },
		{ "14:25:04", "E-036", "Flagger", "Check 2 failed: error rate 1.27" NBSP "%" },
		{ "14:30:04", "E-041", "Flagger", "Rolling back: 2 failed checks reached" },
		{ "14:30:34", "E-044", "Prometheus", "Canary receives 0 requests/s; all traffic on the primary" },
	};
	struct table *t;

	(void)doc_heading(d, 0, "Timeline", "the 10 deciding of 48 events; the Markdown file has all");
	t = doc_table(d, 0, columns, 4);
	t->most = 40;
	for (size_t i = 0; i < events; i++) {
		const char *const *from = rows[i % 10];
		struct row *r = table_row(d, t);

		r->rank = (int)(i % 7);
		r->cells[0].text = text_of(d, from[0]);
		span_cite(d, &r->cells[1].text, i < 10 ? from[1] : doc_printf(d, "E-%03zu", 100 + i));
		r->cells[2] = (struct cell){ .text = text_of(d, from[2]), .tone = TONE_SECONDARY };
		r->cells[3].text = text_of(d, from[3]);
		if (name != NULL) {
			span_text(d, &r->cells[3].text, " ");
			span_code(d, &r->cells[3].text, name);
		}
	}
}

static void put_metrics(struct doc *d)
{
	(void)doc_heading(d, 0, "Metrics over time", "canary against baseline, grey bands = canary weight");
	doc_charts(d,
		   text_of(d, "Hatched: no samples from 14:07:30 to 14:10:00 (gap G-01); lines stop at a gap. Red bar under an axis: limit "
			      "exceeded. The limit of a criterion relative to the baseline moves with the baseline."));
}

static void put_findings(struct doc *d)
{
	(void)doc_heading(d, BLOCK_NEW_PAGE, "Findings", "most severe first");
	doc_finding(d, "F-01", "error", text_of(d, "Error rate rose with weight, not with time"),
		    cited(d,
			  "At 20" NBSP "% it equalled the baseline; at 30" NBSP "% it was four times higher within 4" NBSP
			  "min. A pool or quota held per version would do this.",
			  "E-024 E-028"));
	doc_finding(d, "F-02", "warning", text_of(d, "The 10" NBSP "% step could not be judged"),
		    cited(d, "Only 2.5 of the 5" NBSP "min window had samples; the Prometheus target of the canary was missing.", "G-01"));
	doc_finding(d, "F-03", "warning", text_of(d, "The annotation `flagger.app/max-weight-on-timeout` has no effect"),
		    cited(d, "Flagger does not read it, so nothing limits the weight when a check times out.", "E-003"));
}

static void put_remediation(struct doc *d)
{
	static const struct column columns[] = { { "", 0.056, false, false },
						 { "Action", 0.444, false, false },
						 { "Owner", 0.172, false, false },
						 { "Due", 0.12, false, false },
						 { "Validated by", 0.208, false, false } };
	static const char *const rows[][5] = { { "A-01", "Raise the connection pool per version to 64 and load-test at 50" NBSP "% weight",
						 "payments team", "2025-06-19", "error rate under 0.4" NBSP "% for 30" NBSP "min" },
					       { "A-02", "Alert when the canary target is missing for 1" NBSP "min", "platform team",
						 "2025-06-20", "remove target in staging; alert fires" } };
	struct table *t;

	(void)doc_heading(d, 0, "Remediation", NULL);
	t = doc_table(d, 0, columns, 5);
	for (size_t i = 0; i < 2; i++)
		put_row(d, t, rows[i], 5);
}

static void put_conditions(struct doc *d)
{
	static const struct column columns[] = {
		{ "", 0.056, false, false },          { "Trigger", 0.22, false, false },
		{ "Threshold", 0.096, false, false }, { "Window", 0.084, false, false },
		{ "Owner", 0.149, false, false },     { "Action, and how it is verified", 0.395, false, false }
	};
	static const char *const rows[][6] = {
		{ "R-01", "Error rate against baseline", "≥" NBSP "2" NBSP "×", "5" NBSP "min", "payments on-call",
		  "Flagger sets weight 0; verified: canary 0 requests/s within 60" NBSP "s" },
		{ "R-02", "p95 latency against baseline", "≥" NBSP "+30" NBSP "%", "5" NBSP "min", "payments on-call",
		  "Flagger sets weight 0; verified: p95 within 10" NBSP "% of baseline" },
		{ "R-03", "Success rate, guarded endpoint", "<" NBSP "99" NBSP "%", "5" NBSP "min", "payments on-call",
		  "Flagger sets weight 0; verified: ≥" NBSP "99.5" NBSP "% for 10" NBSP "min" },
		{ "R-04", "No decision at a step", "600" NBSP "s", "none", "release manager",
		  "Set weight 0 by hand; verified: primary serves 100" NBSP "%" }
	};
	struct table *t;

	(void)doc_heading(d, 0, "Rollback conditions", "in force for the next attempt; whichever comes first");
	t = doc_table(d, 0, columns, 6);
	for (size_t i = 0; i < 4; i++)
		put_row(d, t, rows[i], 6);
	doc_code(d, BLOCK_TEXT_ONLY, "R-01", "sum(rate(requests_total{code=~\"5..\"}[5m])) / sum(rate(requests_total[5m])) >= 0.0062");
}

static void put_short_conditions(struct doc *d)
{
	static const struct column columns[] = { { "", 0.073, false, false },
						 { "Trigger", 0.368, false, false },
						 { "Threshold", 0.184, false, false },
						 { "Window", 0.16, false, false },
						 { "Owner", 0.215, false, true } };
	static const char *const rows[][5] = {
		{ "R-01", "Error rate against baseline", "≥" NBSP "2" NBSP "×", "5" NBSP "min", "on-call" },
		{ "R-02", "p95 latency against baseline", "≥" NBSP "+30" NBSP "%", "5" NBSP "min", "on-call" },
		{ "R-03", "Success rate, guarded endpoint", "<" NBSP "99" NBSP "%", "5" NBSP "min", "on-call" },
		{ "R-04", "No decision at a step", "600" NBSP "s", "none", "release manager" }
	};

	d->conditions_note = "in force until 2025-06-13 14:30 UTC";
	d->conditions = table_new(d, columns, 5);
	for (size_t i = 0; i < 4; i++) {
		put_row(d, d->conditions, rows[i], 5);
		d->conditions->rows[i].cells[0].anchor = NULL;
	}
}

static void put_scorecard(struct doc *d)
{
	static const struct {
		const char *text;
		int points;
	} scores[] = { { "Preflight: controllers healthy, thresholds approved", 2 },
		       { "Rollback path tested before start", 0 },
		       { "Weights bounded, blast limit respected", 2 },
		       { "Abort criteria explicit and each evaluated", 1 },
		       { "Canary compared with the stable baseline", 2 },
		       { "Timeline complete, gaps declared", 2 },
		       { "Flagger events and Prometheus metrics correlated", 2 },
		       { "A human decision: owner, time, reason", 0 },
		       { "Rollback conditions: trigger, owner, window, data compatibility", 1 },
		       { "Remediation: owner, due date, validation method", 2 } };
	struct block *b;

	(void)doc_heading(d, 0, "Scorecard", "14 of 20; a failed hard stop changes the grade, never the verdict");
	b = doc_scores(d);
	for (size_t i = 0; i < 10; i++)
		scores_add(d, b, (struct score){ doc_printf(d, "%zu", i + 1), text_of(d, scores[i].text), scores[i].points, 2, NULL });
}

static void put_provenance(struct doc *d)
{
	struct block *b;

	(void)doc_heading(d, 0, "Provenance", "where this comes from, and what is missing");
	b = doc_keys(d, 0);
	keys_add(d, b, (struct key){ .label = "Evidence", .value = text_of(d, "48 rows, E-001 to E-048") });
	keys_add(d, b, (struct key){ .label = "Judged by", .value = text_code(d, "criteria.yaml") });
	keys_add(d, b,
		 (struct key){
			 .label = "Gap G-01", .value = text_of(d, "Prometheus, 14:07:30 to 14:10:00: target missing"), .anchor = "G-01" });
}

struct ids_seen {
	struct doc *d;
	struct table *t;
	char seen[4096];
};

static void define_id(void *arg, const char *id)
{
	struct ids_seen *all = arg;
	char key[32];
	struct row *r;

	(void)snprintf(key, sizeof key, "%s ", id);
	if (id[0] != 'E' || strstr(all->seen, key) != NULL || strlen(all->seen) + strlen(key) >= sizeof all->seen)
		return;
	strcat(all->seen, key);
	r = table_row(all->d, all->t);
	r->cells[0] = (struct cell){ .text = text_of(all->d, id), .bold = true, .anchor = id };
	r->cells[1].text = text_code(all->d, "Canary develop/backend");
}

static void put_evidence(struct doc *d)
{
	static const struct column columns[] = { { "Id", 0.2, false, false }, { "Subject", 0.8, false, false } };
	struct ids_seen all = { .d = d };

	(void)doc_heading(d, BLOCK_TEXT_ONLY, "Evidence", NULL);
	all.t = doc_table(d, BLOCK_TEXT_ONLY, columns, 2);
	doc_each_cite(d, define_id, &all);
}

static void put_sections(struct doc *d, size_t events, const char *name)
{
	put_metrics(d);
	put_timeline(d, events, name);
	put_findings(d);
	put_remediation(d);
	put_conditions(d);
	doc_sign_off(d);
	put_scorecard(d);
	put_provenance(d);
	put_evidence(d);
}

/* ---- Whole documents. */

static void no_go_page_one(struct doc *d)
{
	d->headline = text_of(d, "Error rate 1.27" NBSP "% at 30" NBSP "% weight: 4.1 times baseline, limit 2 times");
	d->subline = cited(d, "Rolled back by 14:30:34; all traffic is on 2.14.3.", "E-041 E-044");
	d->figures[0] = (struct figure){ "30" NBSP "%", "highest weight, 50" NBSP "% planned" };
	d->figures[1] = (struct figure){ "2 of 3 criteria", "passed; 1 failed" };
	d->figures[2] = (struct figure){ "231 of 18" NBSP "412", "canary requests failed" };
	d->figures[3] = (struct figure){ "14 of 20", "scorecard; 1 hard stop" };
	doc_reason(d, cited(d,
			    "Error rate exceeded its limit at 30" NBSP "% weight: 1.27" NBSP "% of requests over 5" NBSP
			    "min against 0.31" NBSP "% on the baseline. The limit is 2 times the baseline (0.62" NBSP "%).",
			    "E-031 E-036"));
	doc_reason(d, cited(d, "Two checks failed, which is the number the rollout allows; Flagger rolled back by itself in 30" NBSP "s.",
			    "E-037 E-041"));
	doc_reason(d, cited(d,
			    "The 40" NBSP "% and 50" NBSP "% steps were never reached: nothing is known about behaviour above 30" NBSP
			    "% weight.",
			    "E-041"));
	d->next = text_of(d,
			  "Fix F-01 (payments team, due 2025-06-19), then retry from 10" NBSP "% with rollback conditions R-01 to R-04.");
	put_rolled_out(d);
	begin_ladder(d);
}

void support_doc_no_go(struct doc *d, struct arena *arena)
{
	doc_init(d, arena);
	put_titles(d, DOC_NO_GO);
	no_go_page_one(d);
	blind_step(d, "10" NBSP "%", "14:05", "14:10");
	passing_step(d, "20" NBSP "%", "14:10", "14:15", "0.33" NBSP "%", "201" NBSP "ms", "99.91" NBSP "%", 0.2);
	failing_step(d, "30" NBSP "%", "14:15", "14:30");
	missing_step(d, "40" NBSP "%");
	missing_step(d, "50" NBSP "%");
	put_charts(d, true);
	d->deciding = &d->charts[0];
	put_sections(d, 10, NULL);
}

void support_doc_go(struct doc *d, struct arena *arena)
{
	static const char *const steps[][6] = { { "10" NBSP "%", "14:05", "14:10", "0.31" NBSP "%", "199" NBSP "ms", "99.92" NBSP "%" },
						{ "20" NBSP "%", "14:10", "14:15", "0.33" NBSP "%", "201" NBSP "ms", "99.91" NBSP "%" },
						{ "30" NBSP "%", "14:15", "14:20", "0.30" NBSP "%", "204" NBSP "ms", "99.93" NBSP "%" },
						{ "40" NBSP "%", "14:20", "14:25", "0.32" NBSP "%", "212" NBSP "ms", "99.91" NBSP "%" },
						{ "50" NBSP "%", "14:25", "14:30", "0.33" NBSP "%", "225" NBSP "ms", "99.90" NBSP "%" } };

	doc_init(d, arena);
	put_titles(d, DOC_GO);
	d->headline = text_of(d, "All 3 criteria passed, up to 50" NBSP "% weight");
	d->subline = cited(d, "Smallest margin: p95 latency, 9" NBSP "% below its limit.", "E-052");
	d->figures[0] = (struct figure){ "50" NBSP "%", "highest weight, 50" NBSP "% planned" };
	d->figures[1] = (struct figure){ "3 of 3 criteria", "passed" };
	d->figures[2] = (struct figure){ "98 of 31" NBSP "206", "canary requests failed" };
	d->figures[3] = (struct figure){ "19 of 20", "scorecard; no hard stop" };
	doc_reason(d, cited(d, "All three criteria stayed within their limits at every step for 5" NBSP "min each: 3 of 3 criteria passed.",
			    "E-019 E-024 E-031 E-036 E-041"));
	doc_reason(d,
		   cited(d,
			 "Smallest margin: p95 latency 225" NBSP "ms at 50" NBSP "% weight, 9" NBSP "% below its limit of 247" NBSP "ms.",
			 "E-041"));
	doc_reason(d,
		   cited(d, "The canary served 31" NBSP "206 requests, of which 98 failed (0.31" NBSP "%), as on the baseline.", "E-044"));
	d->next = text_of(d, "Promote to 100" NBSP "%. The rollback conditions below stay in force for 24" NBSP
			     "h (owner: payments on-call).");
	put_rolled_out(d);
	begin_ladder(d);
	for (size_t i = 0; i < 5; i++)
		passing_step(d, steps[i][0], steps[i][1], steps[i][2], steps[i][3], steps[i][4], steps[i][5], 0.5 - 0.1 * (double)i);
	put_charts(d, false);
	put_short_conditions(d);
	put_sections(d, 10, NULL);
}

void support_doc_empty(struct doc *d, struct arena *arena)
{
	doc_init(d, arena);
	put_titles(d, DOC_HOLD);
	d->partial = true;
	d->headline = text_of(d, "Nothing was judged: the canary has had no traffic");
	d->subline = text_of(d, "One check of traffic above 0 requests/s would change that.");
	d->strip = text_of(d, "Partial report: the rollout was still running when it was made.");
	d->figures[0] = (struct figure){ "0" NBSP "%", "highest exposure, 50" NBSP "% planned" };
	d->figures[1] = (struct figure){ "0 of 3 criteria", "passed; 3 not evaluable" };
	d->figures[2] = (struct figure){ "no requests", "of the canary were seen" };
	d->figures[3] = (struct figure){ "complete", "in what was seen of the rollout" };
	d->next = text_of(d, "Wait for the first step (owner not named).");
	put_rolled_out(d);
	begin_ladder(d);
	(void)doc_heading(d, 0, "Findings", NULL);
	doc_paragraph(d, 0, text_of(d, "None: no rule found anything in this evidence."));
	doc_sign_off(d);
	put_provenance(d);
}

void support_doc_one_sample(struct doc *d, struct arena *arena)
{
	struct chart *charts;

	support_doc_no_go(d, arena);
	charts = arena_alloc(arena, 3 * sizeof *charts);
	memcpy(charts, d->charts, 3 * sizeof *charts);
	for (int i = 0; i < 3; i++) {
		charts[i].points += 45;
		charts[i].n_points = 1;
	}
	d->charts = charts;
	d->deciding = &charts[0];
}

void support_doc_large(struct doc *d, struct arena *arena, const struct support_size *size)
{
	doc_init(d, arena);
	put_titles(d, DOC_NO_GO);
	d->subject = doc_clean(d, size->name);
	d->footer = doc_printf(d, "%s · run 2025-06-12T14:00:04Z · evidence sha256 5f1d0c9e…a27b", d->subject);
	no_go_page_one(d);
	d->reasons[0] = d->reasons[1] = d->reasons[2] = cited(d, "An error of", "E-031 E-036");
	for (size_t i = 0; i < 3; i++) {
		struct text long_one = text_of(
			d, "The canary's error rate was beyond its limit in every window that was looked at, by the message ");

		span_code(d, &long_one, size->name);
		span_cite(d, &long_one, "E-031");
		d->reasons[i] = long_one;
	}
	d->rolled_out.keys[2].value = text_code(d, size->name);
	for (size_t i = 0; i < size->steps; i++) {
		const char *weight = doc_printf(d, "%zu" NBSP "%%", (i + 1) * 100 / size->steps),
			   *from = doc_printf(d, "14:%02zu:04", i % 60);

		if (i < size->passing)
			passing_step(d, weight, from, "14:59:04", "0.33" NBSP "%", "201" NBSP "ms", "99.91" NBSP "%",
				     1.0 / (double)(i + 1));
		else
			failing_step(d, weight, from, "14:59:04");
	}
	put_charts(d, true);
	d->deciding = &d->charts[0];
	put_metrics(d);
	put_timeline(d, size->events, size->name);
	(void)doc_heading(d, BLOCK_NEW_PAGE, "Findings", "most severe first");
	for (size_t i = 0; i < size->findings; i++) {
		struct text fact = text_of(d, "The canary said ");

		span_code(d, &fact, size->name);
		doc_finding(d, doc_printf(d, "F-%02zu", i + 1), "warning", fact,
			    cited(d, "Whatever that means, it is of the cluster.", "E-031"));
	}
	put_conditions(d);
	doc_sign_off(d);
	put_scorecard(d);
	put_provenance(d);
	put_evidence(d);
}
