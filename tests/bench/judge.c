/* Accuracy of the judge against facts/judge.md section 6: four judges on one corpus, and the targets. "short" (200 replicates a cell), "long"
 * (1,000), or a number; a second argument names scenarios to run alone. Exit 1 if a target is missed.
 * Seeds: [corpus seed, judge, requests a second, step, crc32(scenario), replicate]; judge 0 is what all but Flagger's model see. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "gonogo/arena.h"
#include "gonogo/decide.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/interval.h"
#include "gonogo/measure.h"
#include "gonogo/provider.h"
#include "gonogo/series.h"
#include "corpus.h"
#include "peers.h"

#define SHORT 200
#define LONG 1000
#define SEED 1
#define SEED_HELD 777
#define T0 (INT64_C(1773133200) * NS_PER_S)
#define SCRAPE (SCRAPE_SECONDS * NS_PER_S)
#define SCRAPES (DEADLINE_SECONDS / SCRAPE_SECONDS)
#define ARENA_BYTES (256 << 20)
#define TIMES_MAX 4096
/* One in ten runs goes through raw samples with a reset, a birth and a missed scrape. */
#define ROUGH_EVERY 10

enum who { OURS, FLAGGER, LITERAL, KAYENTA, JUDGES };
enum end { END_GO, END_NO_GO, END_HOLD, ENDS };

static const char *const who_names[] = { "ours", "Flagger-style, 5", "first breach", "Kayenta-style" };

struct tallied {
	int64_t ends[ENDS], held_at_ladder;
	double times[TIMES_MAX]; /* of NO-GO */
};

struct cell {
	const struct scenario *scenario;
	int rps, step;
	int64_t runs, rough, changed_exact, changed_missed, counts_differ;
	struct tallied by[JUDGES];
};

/* One rollout as the judge sees it. */
struct rollout_run {
	struct criterion criterion[3];
	struct criteria criteria;
	struct step steps[5];
	struct stratum history[HISTORY_SCRAPES], v[SCRAPES];
	struct scrape past[HISTORY_SCRAPES], now[SCRAPES];
	struct strata prior, strata;
	struct decide_input in;
	struct decision out[3];
};

static void set_criteria(struct rollout_run *r)
{
	r->criterion[0] = (struct criterion){
		.name = "error-rate", .kind = CRITERION_ERROR_RATIO, .limit = 2, .floor = 0.005, .alpha = 0.02
	};
	r->criterion[1] = (struct criterion){ .name = "success-rate", .kind = CRITERION_SUCCESS_RATE, .limit = 0.99, .alpha = 0.01 };
	/* when_blind: hold, for the truth labels speak of the ratio and not of the substitute. */
	r->criterion[2] = (struct criterion){ .name = "p95",
					      .kind = CRITERION_QUANTILE_RATIO,
					      .limit = 1.3,
					      .quantile = 0.95,
					      .alpha = 0.02,
					      .when_blind = WHEN_BLIND_HOLD,
					      .absolute = 1 };
	r->criteria = (struct criteria){ .n = 3,
					 .v = r->criterion,
					 .min_weight = 0.3,
					 .min_requests = 100,
					 .coverage = 0.8,
					 .warm_up = 60 * NS_PER_S,
					 .history = 1800 * NS_PER_S,
					 .deadline = DEADLINE_SECONDS * NS_PER_S };
}

static void set_ladder(struct rollout_run *r, int step)
{
	for (int i = 0; i < 5; i++)
		r->steps[i] = (struct step){ .kind = STEP_ANALYSIS,
					     .attempt = 1,
					     .weight = 10.0 * (i + 1),
					     .exposure = (i + 1) / 10.0,
					     .from = T0 + i * step * NS_PER_S,
					     .to = i == 4 ? INSTANT_NONE : T0 + (i + 1) * step * NS_PER_S };
	r->in = (struct decide_input){ .criteria = &r->criteria,
				       .strata = &r->strata,
				       .prior = &r->prior,
				       .steps = r->steps,
				       .n_steps = 5,
				       .window_from = T0,
				       .window_to = INSTANT_NONE,
				       .planned_exposure = 0.5 };
}

static void set_stratum(struct stratum *s, struct scrape *from, int64_t at)
{
	*s = (struct stratum){ .from = at, .to = at + SCRAPE, .n = { from->n[0], from->n[1] }, .k = { from->k[0], from->k[1] } };
	s->slow[0] = from->slow[0];
	s->slow[1] = from->slow[1];
}

static void run_begin(struct rollout_run *r, struct generator *g, int step)
{
	set_criteria(r);
	set_ladder(r, step);
	r->strata = (struct strata){ .v = r->v, .scrape_interval = SCRAPE, .found = { true, true }, .n_edges = g->n_edges };
	memcpy(r->strata.edges, g->edges, g->n_edges * sizeof *g->edges);
	r->prior = r->strata;
	r->prior.v = r->history;
	r->prior.n = HISTORY_SCRAPES;
	for (int i = 0; i < HISTORY_SCRAPES; i++) {
		generator_scrape(g, -1, 0, &r->past[i]);
		set_stratum(&r->history[i], &r->past[i], T0 - (HISTORY_SCRAPES - i) * SCRAPE);
	}
}

/* Goes on until n scrapes are there. */
static void run_until(struct rollout_run *r, struct generator *g, int step, size_t n)
{
	for (size_t i = r->strata.n; i < n; i++) {
		int rung = (int)(i * SCRAPE_SECONDS) / step;

		generator_scrape(g, (double)(i + 1) * SCRAPE_SECONDS, (rung > 4 ? 5 : rung + 1) / 10.0, &r->now[i]);
		set_stratum(&r->v[i], &r->now[i], T0 + (int64_t)i * SCRAPE);
	}
	r->strata.n = n;
}

static enum verdict verdict_at(struct rollout_run *r, const struct decide_input *in, int64_t at, bool ended, int64_t *no_go_at)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct decide_input at_time = *in;
	struct combination verdict;
	struct error err = { 0 };

	at_time.at = at;
	if (!ended)
		at_time.ladder_end = INSTANT_NONE;
	if (!arena || decide(r->out, &at_time, arena, &err) != 0) {
		fprintf(stderr, "bench: %s\n", err.text);
		exit(2);
	}
	decide_combine(&verdict, r->out, 3, ended, T0, at, &r->criteria);
	*no_go_at = INT64_MAX;
	for (int i = 0; i < 3; i++)
		if (r->out[i].state == CRITERION_FAIL && r->out[i].decided_at < *no_go_at)
			*no_go_at = r->out[i].decided_at;
	arena_free(arena);
	return verdict.verdict;
}

static enum end end_of(enum verdict verdict)
{
	return verdict == VERDICT_GO ? END_GO : verdict == VERDICT_NO_GO ? END_NO_GO : END_HOLD;
}

/* At the ladder's end: a NO-GO on the way has rolled back by then. */
static enum end end_at_ladder(struct rollout_run *r, const struct decide_input *in, double *seconds)
{
	int64_t no_go;
	enum verdict verdict = verdict_at(r, in, in->ladder_end, false, &no_go);

	if (verdict != VERDICT_NO_GO)
		verdict = verdict_at(r, in, in->ladder_end, true, &no_go);
	*seconds = verdict == VERDICT_NO_GO ? (double)(no_go - T0) / (double)NS_PER_S : 0;
	return end_of(verdict);
}

/* At the deadline, after a HOLD. Whatever came first counts: a FAIL after a GO is no longer seen. */
static enum end end_at_deadline(struct rollout_run *r, const struct decide_input *in, double *seconds)
{
	int64_t no_go, unused;
	enum verdict verdict = verdict_at(r, in, T0 + DEADLINE_SECONDS * NS_PER_S, true, &no_go);

	if (verdict == VERDICT_NO_GO && verdict_at(r, in, no_go - SCRAPE, true, &unused) == VERDICT_GO)
		verdict = VERDICT_GO;
	*seconds = verdict == VERDICT_NO_GO ? (double)(no_go - T0) / (double)NS_PER_S : 0;
	return end_of(verdict);
}

/* ---- Through raw samples: counters that restart, series that begin late, a scrape that is missed. */

struct rough {
	size_t reset; /* the process restarts after this scrape; SIZE_MAX: never */
	size_t missed; /* this scrape does not happen; SIZE_MAX: none */
	bool late; /* a series is not there before its first count */
};

static struct series *add_series(struct series_set *set, struct arena *arena, const char *name, int arm, const char *label,
				 const char *value)
{
	const char *service = arm == ARM_CANARY ? "develop-backend-canary-80@kubernetescrd" : "develop-backend-primary-80@kubernetescrd";
	struct series *s = arena_grow(arena, set->v, set->n, &set->cap, sizeof *s);

	if (!s)
		exit(2);
	set->v = s;
	s += set->n++;
	s->name = name;
	s->n_labels = 3;
	s->labels = arena_alloc(arena, 3 * sizeof *s->labels);
	/* Ascending by name: code < instance < service, instance < le < service. */
	s->labels[strcmp(label, "code") == 0 ? 0 : 1] = (struct label){ label, value };
	s->labels[strcmp(label, "code") == 0 ? 1 : 0] = (struct label){ "instance", "traefik:9100" };
	s->labels[2] = (struct label){ "service", service };
	s->key = arena_printf(arena, "%s{%s=%s,%s}", name, label, value, service);
	s->samples = arena_alloc(arena, (HISTORY_SCRAPES + SCRAPES + 1) * sizeof *s->samples);
	return s;
}

/* Which count of a scrape a series adds up: code 200 (-2), code 500 (-1), or a bucket. */
static int64_t increment(const struct scrape *s, int arm, int what, size_t n_edges)
{
	if (what == -2)
		return s->n[arm] - s->k[arm];
	if (what == -1)
		return s->k[arm];
	return (size_t)what == n_edges ? s->n[arm] : s->n[arm] - s->slow[arm][what];
}

static void fill_series(struct series *s, const struct rollout_run *r, int arm, int what, const struct rough *rough)
{
	/* The baseline has counted for long; the canary's series are new. */
	double value = arm == ARM_BASELINE && what != -1 ? 1e7 : 0;

	for (size_t i = 0; i <= HISTORY_SCRAPES + r->strata.n; i++) {
		if (i > 0) {
			const struct scrape *from = i > HISTORY_SCRAPES ? &r->now[i - 1 - HISTORY_SCRAPES] : &r->past[i - 1];

			if (i > HISTORY_SCRAPES && i - 1 - HISTORY_SCRAPES == rough->reset)
				value = 0;
			value += (double)increment(from, arm, what, r->strata.n_edges);
		}
		if ((rough->late && arm == ARM_CANARY && value <= 0) || (i > HISTORY_SCRAPES && i - 1 - HISTORY_SCRAPES == rough->missed))
			continue;
		s->samples[s->n++] = (struct sample){ .at = T0 + ((int64_t)i - HISTORY_SCRAPES) * SCRAPE, .value = value };
	}
}

static void build_series(struct series_set *set, const struct rollout_run *r, const struct rough *rough, struct arena *arena)
{
	for (int arm = 0; arm < ARMS; arm++) {
		for (int what = -2; what <= (int)r->strata.n_edges; what++) {
			const char *le = what == (int)r->strata.n_edges ? "+Inf"
									: arena_printf(arena, "%.9g", what < 0 ? 0 : r->strata.edges[what]);
			struct series *s = what < 0 ? add_series(set, arena, "traefik_service_requests_total", arm, "code",
								 what == -2 ? "200" : "500")
						    : add_series(set, arena, "traefik_service_request_duration_seconds_bucket", arm, "le",
								 le);

			fill_series(s, r, arm, what, rough);
		}
	}
	series_set_finish(set);
}

/* The window and the history cut out of what strata_build made. */
static void cut(struct strata *part, const struct strata *all, int64_t from, int64_t to)
{
	size_t first = 0, past;

	while (first < all->n && all->v[first].from < from)
		first++;
	for (past = first; past < all->n && all->v[past].to <= to; past++)
		;
	*part = *all;
	part->v = all->v + first;
	part->n = past - first;
}

static bool same_counts(const struct strata *a, const struct strata *b)
{
	if (a->n != b->n || a->n_edges != b->n_edges)
		return false;
	for (size_t i = 0; i < a->n; i++)
		for (int arm = 0; arm < ARMS; arm++) {
			if (a->v[i].n[arm] != b->v[i].n[arm] || a->v[i].k[arm] != b->v[i].k[arm])
				return false;
			for (size_t e = 0; e < a->n_edges && a->v[i].slow[arm] && b->v[i].slow[arm]; e++)
				if (a->v[i].slow[arm][e] != b->v[i].slow[arm][e])
					return false;
		}
	return true;
}

/* The same rollout by way of raw samples; *same: strata hold the counts that were drawn. */
static enum end end_by_samples(struct rollout_run *r, const struct rough *rough, bool deadline, bool *same)
{
	static const char *const classes[] = { "5.." };
	struct canary_spec canary = { .name = "backend",
				      .namespace_ = "develop",
				      .target_kind = "Deployment",
				      .target_name = "backend",
				      .service_name = "backend",
				      .ingress_name = "",
				      .port = 80 };
	struct measure measure;
	struct strata_spec spec = { .measure = &measure, .n_error_classes = 1, .error_classes = classes };
	struct arena *arena = arena_new(ARENA_BYTES);
	struct decide_input in = r->in;
	struct series_set set = { 0 };
	struct strata all, window, prior;
	struct error err = { 0 };
	double seconds;
	enum end end;

	build_series(&set, r, rough, arena);
	if (measure_of_provider(&measure, provider_find("traefik"), &canary, arena, &err) != 0 ||
	    strata_build(&all, &set, &spec, arena, &err) != 0) {
		fprintf(stderr, "bench: %s\n", err.text);
		exit(2);
	}
	cut(&window, &all, T0, INT64_MAX);
	cut(&prior, &all, INT64_MIN, T0);
	*same = same_counts(&window, &r->strata);
	in.strata = &window;
	in.prior = &prior;
	end = end_at_ladder(r, &in, &seconds);
	if (end == END_HOLD && deadline)
		end = end_at_deadline(r, &in, &seconds);
	arena_free(arena);
	return end;
}

static void check_rough(struct cell *cell, struct rollout_run *r, enum end end, bool deadline)
{
	struct rough exact = { .reset = (size_t)(4 * cell->step / SCRAPE_SECONDS), .missed = SIZE_MAX, .late = true }, missed = exact;
	bool same;

	missed.missed = (size_t)(3 * cell->step / SCRAPE_SECONDS + 1);
	cell->rough++;
	cell->changed_exact += end_by_samples(r, &exact, deadline, &same) != end;
	cell->counts_differ += !same;
	cell->changed_missed += end_by_samples(r, &missed, deadline, &same) != end;
}

/* ---- Cells. */

static void count_end(struct tallied *t, enum end end, double seconds)
{
	if (end == END_NO_GO && t->ends[END_NO_GO] < TIMES_MAX)
		t->times[t->ends[END_NO_GO]] = seconds;
	t->ends[end]++;
}

static void count_peer(struct tallied *t, double seconds)
{
	count_end(t, seconds > 0 ? END_NO_GO : END_GO, seconds);
}

static void run_one(struct cell *cell, int64_t replicate)
{
	static struct rollout_run r;
	const struct scenario *c = cell->scenario;
	uint64_t name = crc32(0, (const unsigned char *)c->name, (unsigned)strlen(c->name));
	uint64_t seed[] = { c->set == HELD ? SEED_HELD : SEED, 0, (uint64_t)cell->rps, (uint64_t)cell->step, name, (uint64_t)replicate };
	size_t ladder = (size_t)(5 * cell->step / SCRAPE_SECONDS), per = (size_t)cell->step / SCRAPE_SECONDS;
	struct generator g, f;
	double seconds;
	enum end end;
	bool held;

	generator_init(&g, c, cell->rps, seed, 6);
	run_begin(&r, &g, cell->step);
	run_until(&r, &g, cell->step, ladder);
	r.in.ladder_end = T0 + 5 * cell->step * NS_PER_S;
	end = end_at_ladder(&r, &r.in, &seconds);
	held = end == END_HOLD;
	if (held) {
		run_until(&r, &g, cell->step, SCRAPES);
		end = end_at_deadline(&r, &r.in, &seconds);
	}
	cell->runs++;
	cell->by[OURS].held_at_ladder += held;
	count_end(&cell->by[OURS], end, seconds);
	if (replicate % ROUGH_EVERY == 0)
		check_rough(cell, &r, end, held);
	count_peer(&cell->by[LITERAL], literal_style(&g, r.now, ladder, per));
	count_peer(&cell->by[KAYENTA], kayenta_style(&g, r.now, ladder, per));
	seed[1] = FLAGGER;
	generator_init(&f, c, cell->rps, seed, 6);
	count_peer(&cell->by[FLAGGER], flagger_style(&f, cell->step, 5));
}

/* ---- The table. */

static double percent(int64_t k, int64_t n)
{
	return n > 0 ? 100 * (double)k / (double)n : NAN;
}

/* Mean and worst cell, in per cent, of one end among the cells of a set and a truth. */
struct summary {
	double mean, worst;
	size_t cells;
};

static struct summary summarise(const struct cell *cells, size_t n, int set, enum truth truth, enum who who, enum end end, bool probes)
{
	struct summary s = { 0, 0, 0 };

	for (size_t i = 0; i < n; i++) {
		const struct cell *c = &cells[i];
		double share = percent(c->by[who].ends[end], c->runs);

		if ((set >= 0 && (int)c->scenario->set != set) || c->scenario->truth != truth || c->runs == 0 ||
		    (c->scenario->no_average && !probes))
			continue;
		s.cells++;
		s.mean += share;
		s.worst = fmax(s.worst, share);
	}
	s.mean = s.cells > 0 ? s.mean / (double)s.cells : NAN;
	return s;
}

static void print_row(const struct cell *cells, size_t n, int set, enum truth truth, enum end end, const char *what, bool probes)
{
	printf("%-34s", what);
	for (int who = 0; who < JUDGES; who++) {
		struct summary s = summarise(cells, n, set, truth, (enum who)who, end, probes);
		char text[32];

		snprintf(text, sizeof text, "%.1f (%.1f)", s.mean, s.worst);
		printf(" %18s", text);
	}
	putchar('\n');
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_time(const struct tallied *t)
{
	static double sorted[TIMES_MAX];
	size_t n = t->ends[END_NO_GO] < TIMES_MAX ? (size_t)t->ends[END_NO_GO] : TIMES_MAX;

	if (n == 0)
		return NAN;
	memcpy(sorted, t->times, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, compare_doubles);
	return sorted[n / 2];
}

static void print_cells(const struct cell *cells, size_t n)
{
	printf("\n%-5s %-22s %4s %3s  %6s %6s %6s %6s %6s | %6s %6s %6s (NO-GO of Flagger-style, first breach, Kayenta-style)\n", "set",
	       "scenario", "rps", "s", "GO", "NO-GO", "HOLD", "held", "median", "F", "B", "K");
	for (size_t i = 0; i < n; i++) {
		const struct cell *c = &cells[i];
		const struct tallied *t = &c->by[OURS];

		if (c->runs == 0)
			continue;
		printf("%-5s %-22s %4d %3d  %6.1f %6.1f %6.1f %6.1f %6.0f | %6.1f %6.1f %6.1f\n", set_names[c->scenario->set],
		       c->scenario->name, c->rps, c->step, percent(t->ends[END_GO], c->runs), percent(t->ends[END_NO_GO], c->runs),
		       percent(t->ends[END_HOLD], c->runs), percent(t->held_at_ladder, c->runs), median_time(t),
		       percent(c->by[FLAGGER].ends[END_NO_GO], c->runs), percent(c->by[LITERAL].ends[END_NO_GO], c->runs),
		       percent(c->by[KAYENTA].ends[END_NO_GO], c->runs));
	}
}

static void print_medians(const struct cell *cells, size_t n)
{
	static const struct {
		const char *scenario;
		int rps;
	} rows[] = { { "8 %", 80 }, { "10x 0.1->1 %", 80 }, { "4x 0.1->0.4 %", 500 }, { "p95 x3", 80 }, { "3 % from 30 %", 80 } };

	printf("\nmedian seconds to NO-GO, steps of 30 s  %8s %8s %8s %8s\n", "ours", "Flagger", "breach", "Kayenta");
	for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
		for (size_t i = 0; i < n; i++) {
			const struct cell *c = &cells[i];

			if (c->runs == 0 || c->scenario->set != CORE || c->rps != rows[r].rps || c->step != 30 ||
			    strcmp(c->scenario->name, rows[r].scenario) != 0)
				continue;
			printf("  %-22s %3d/s          ", c->scenario->name, c->rps);
			for (int who = 0; who < JUDGES; who++)
				printf(" %8.0f", median_time(&c->by[who]));
			putchar('\n');
		}
}

static void print_table(const struct cell *cells, size_t n)
{
	printf("\nmean (worst cell) in %% at %d s       ", DEADLINE_SECONDS);
	for (int who = 0; who < JUDGES; who++)
		printf(" %18s", who_names[who]);
	putchar('\n');
	print_row(cells, n, CORE, BAD, END_GO, "core bad -> GO", false);
	print_row(cells, n, CORE, GOOD, END_NO_GO, "core good -> NO-GO", false);
	print_row(cells, n, CORE, GOOD, END_HOLD, "core good -> HOLD at 600 s", false);
	print_row(cells, n, CORE, BAD, END_HOLD, "core bad -> HOLD at 600 s", false);
	print_row(cells, n, ROB, BAD, END_GO, "rob bad -> GO", false);
	print_row(cells, n, ROB, GOOD, END_NO_GO, "rob good -> NO-GO", false);
	print_row(cells, n, ROB, GOOD, END_HOLD, "rob good -> HOLD", false);
	print_row(cells, n, LAT, BAD, END_GO, "lat bad -> GO", false);
	print_row(cells, n, HELD, BAD, END_GO, "held bad -> GO", false);
	print_row(cells, n, HELD, GOOD, END_NO_GO, "held good -> NO-GO, no cold 90 s", false);
	print_row(cells, n, HELD, GOOD, END_NO_GO, "held good -> NO-GO, with", true);
}

/* ---- Targets. A cell misses one only if its lower 95 % Clopper-Pearson bound is beyond (one-sided 97.5 %). */

static bool beyond(int64_t k, int64_t n, double limit)
{
	return interval_clopper_pearson(k, n, 0.95).lo > limit;
}

static bool below(int64_t k, int64_t n, double limit)
{
	return interval_clopper_pearson(k, n, 0.95).hi < limit;
}

static int miss(const char *target, const struct cell *c, int64_t k)
{
	printf("MISSED %s: %s, %d requests/s, %d s: %lld of %lld\n", target, c->scenario->name, c->rps, c->step, (long long)k,
	       (long long)c->runs);
	return 1;
}

static int check_cell(const struct cell *c)
{
	const struct tallied *t = &c->by[OURS];
	int64_t go = t->ends[END_GO], no_go = t->ends[END_NO_GO];
	int missed = 0;

	if (c->scenario->truth == BAD && beyond(go, c->runs, 0.015))
		missed += miss("bad -> GO <= 1.5 %", c, go);
	if (c->scenario->truth == GOOD && c->scenario->set == CORE && beyond(no_go, c->runs, 0.01))
		missed += miss("core good -> NO-GO <= 1 %", c, no_go);
	if (c->scenario->truth == GOOD && c->scenario->set == ROB && beyond(no_go, c->runs, 0.07))
		missed += miss("rob good -> NO-GO <= 7 %", c, no_go);
	if (c->scenario->truth == GOOD && c->scenario->set == CORE && below(go, c->runs, c->rps == 500 ? 0.99 : 0.94))
		missed += miss(c->rps == 500 ? "core good GO >= 99 % at 500/s" : "core good GO >= 94 %", c, go);
	if (strcmp(c->scenario->name, "8 %") == 0 && median_time(t) > 20)
		missed += miss("8 % errors: NO-GO within 20 s (median)", c, no_go);
	if (c->scenario->traefik && go > 0)
		missed += miss("no PASS of a relative p95 on Traefik's default buckets", c, go);
	if (c->changed_exact > 0)
		missed += miss("resets and births change no verdict class", c, c->changed_exact);
	if (c->counts_differ > 0)
		missed += miss("resets and births change no count", c, c->counts_differ);
	return missed;
}

static int check_targets(const struct cell *cells, size_t n)
{
	struct summary bad = summarise(cells, n, -1, BAD, OURS, END_GO, true), rob = summarise(cells, n, ROB, GOOD, OURS, END_NO_GO, false);
	int64_t rough = 0, missed_class = 0;
	int missed = 0;

	putchar('\n');
	for (size_t i = 0; i < n; i++) {
		rough += cells[i].rough;
		missed_class += cells[i].changed_missed;
		missed += cells[i].runs > 0 ? check_cell(&cells[i]) : 0;
	}
	if (bad.cells > 0 && bad.mean > 0.2)
		missed += printf("MISSED bad -> GO <= 0.2 %% on average: %.2f %%\n", bad.mean) > 0;
	if (rob.cells > 0 && rob.mean > 2)
		missed += printf("MISSED rob good -> NO-GO <= 2 %% on average: %.2f %%\n", rob.mean) > 0;
	printf("raw samples with reset and birth: %lld runs; with a missed scrape too, %lld of them end otherwise\n", (long long)rough,
	       (long long)missed_class);
	printf("bad -> GO %.2f %% on average (target 0.2), rob good -> NO-GO %.2f %% (target 2): %s\n", bad.mean, rob.mean,
	       missed == 0 ? "all targets met" : "targets missed");
	return missed;
}

/* ---- Time: one rollout of five steps, scraped every 5 s, 20 edges, half an hour of history; the promise is 10 ms. */

#define TIMED_EDGES 20
#define TIMED_HISTORY 360
#define TIMED_SCRAPES 60
#define TIMED_ROUNDS 20
#define MS_PROMISED 10.0

static void timed_strata(struct strata *out, struct stratum *v, int64_t (*slow)[ARMS][TIMED_EDGES], size_t n, int64_t from, bool canary)
{
	struct draw draw;

	draw_seed(&draw, &(uint64_t){ 5 }, 1);
	*out = (struct strata){ .v = v, .n = n, .scrape_interval = 5 * NS_PER_S, .found = { canary, true }, .n_edges = TIMED_EDGES };
	for (size_t e = 0; e < TIMED_EDGES; e++)
		out->edges[e] = 0.12 * pow(1.0914, (double)e);
	for (size_t i = 0; i < n; i++) {
		int64_t share = canary ? 1 + (int64_t)i / 12 : 0;

		v[i] = (struct stratum){ .from = from + (int64_t)i * 5 * NS_PER_S,
					 .to = from + (int64_t)(i + 1) * 5 * NS_PER_S,
					 .n = { 250 * share, 2500 - 250 * share } };
		for (int arm = 0; arm < ARMS; arm++) {
			v[i].k[arm] = draw_binomial(&draw, v[i].n[arm], 0.01);
			v[i].slow[arm] = slow[i][arm];
			for (size_t e = 0; e < TIMED_EDGES; e++)
				slow[i][arm][e] = e == 0 ? v[i].n[arm] / 3 : slow[i][arm][e - 1] * 8 / 10;
		}
	}
}

static int check_time(void)
{
	static int64_t slow[TIMED_HISTORY + TIMED_SCRAPES][ARMS][TIMED_EDGES];
	static struct stratum history[TIMED_HISTORY], now[TIMED_SCRAPES];
	static struct rollout_run r;
	int64_t at = T0 + 300 * NS_PER_S, unused;
	clock_t start;
	double ms;

	set_criteria(&r);
	set_ladder(&r, 60);
	timed_strata(&r.prior, history, slow, TIMED_HISTORY, T0 - 5 * TIMED_HISTORY * NS_PER_S, false);
	timed_strata(&r.strata, now, slow + TIMED_HISTORY, TIMED_SCRAPES, T0, true);
	r.in.ladder_end = at;
	start = clock();
	for (int i = 0; i < TIMED_ROUNDS; i++)
		verdict_at(&r, &r.in, at, true, &unused);
	ms = 1000.0 * (double)(clock() - start) / CLOCKS_PER_SEC / TIMED_ROUNDS;
	fprintf(stderr, "one rollout of 60 scrapes and 20 edges: %.2f ms (promised: %.0f)\n", ms, MS_PROMISED);
	return ms > MS_PROMISED;
}

int main(int argc, char **argv)
{
	static const int rates[] = { 80, 500 }, steps[] = { 30, 60 };
	const char *size = argc > 1 ? argv[1] : "short", *only = argc > 2 ? argv[2] : NULL;
	int64_t replicates = strcmp(size, "short") == 0 ? SHORT : strcmp(size, "long") == 0 ? LONG : strtoll(size, NULL, 10);
	struct cell *cells = calloc(4 * SCENARIOS, sizeof *cells);
	clock_t start = clock();
	size_t n = 0;
	int missed;

	if (!cells || replicates < 1 || replicates > TIMES_MAX) {
		fprintf(stderr, "usage: judge [short | long | REPLICATES] [PART OF A SCENARIO'S NAME]\n");
		return 2;
	}
	for (size_t s = 0; s < SCENARIOS; s++)
		for (int i = 0; i < 4; i++, n++) {
			cells[n] = (struct cell){ .scenario = &scenarios[s], .rps = rates[i / 2], .step = steps[i % 2] };
			for (int64_t rep = 0; rep < replicates && (!only || strstr(scenarios[s].name, only)); rep++)
				run_one(&cells[n], rep);
		}
	print_cells(cells, n);
	print_table(cells, n);
	print_medians(cells, n);
	missed = check_targets(cells, n);
	missed += check_time();
	fprintf(stderr, "%lld runs a cell, %.1f s of processor time\n", (long long)replicates, (double)(clock() - start) / CLOCKS_PER_SEC);
	free(cells);
	return missed > 0;
}
