/* Judging one rollout of 5 steps at 5 s scrapes with 20 edges (issue 5): milliseconds beside the limit, and how cost grows with the number of
 * scrapes, which facts/judge.md 4.9 bounds by its square. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gonogo/arena.h"
#include "gonogo/criteria.h"
#include "gonogo/decide.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/strata.h"

#define SCRAPE (5 * NS_PER_S)
#define STEPS 5
#define EDGES 20
#define HISTORY 360 /* 1800 s */
#define SCRAPES_MAX 480
#define LIMIT_MS 10.0
#define T0 (1773133200 * NS_PER_S)

static int64_t slow[2][SCRAPES_MAX + HISTORY][ARMS][EDGES];
static struct stratum strata_now[SCRAPES_MAX], strata_past[HISTORY];

static double now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* 100 requests/s; one in 500 fails, latencies fall by 30 % an edge, with some unevenness from scrape to scrape. */
static void fill(struct stratum *s, int64_t at, double weight, int64_t (*counts)[EDGES], int i)
{
	int64_t n = 500 + i * 37 % 23;

	*s = (struct stratum){ .from = at, .to = at + SCRAPE };
	s->n[ARM_CANARY] = (int64_t)((double)n * weight);
	s->n[ARM_BASELINE] = n - s->n[ARM_CANARY];
	for (int arm = 0; arm < ARMS; arm++) {
		s->k[arm] = s->n[arm] > 0 && i * 7 % 5 == arm ? 1 : 0;
		for (int e = 0; e < EDGES; e++)
			counts[arm][e] = (int64_t)((double)s->n[arm] * pow(0.7, e + 1));
		s->slow[arm] = counts[arm];
	}
}

static double judge_ms(const struct criteria *criteria, int scrapes)
{
	struct strata all = { .v = strata_now, .n = (size_t)scrapes, .scrape_interval = SCRAPE, .found = { true, true }, .n_edges = EDGES };
	struct strata prior;
	struct step steps[STEPS];
	struct decision out[8];
	double best = INFINITY;

	for (int e = 0; e < EDGES; e++)
		all.edges[e] = 0.01 * pow(1.3, e);
	prior = all;
	prior.v = strata_past;
	prior.n = HISTORY;
	for (int i = 0; i < HISTORY; i++)
		fill(&strata_past[i], T0 - (HISTORY - i) * SCRAPE, 0, slow[0][i], i);
	for (int i = 0; i < scrapes; i++)
		fill(&strata_now[i], T0 + i * SCRAPE, (double)(i * STEPS / scrapes + 1) / 10, slow[1][i], i);
	for (int i = 0; i < STEPS; i++)
		steps[i] = (struct step){ .kind = STEP_ANALYSIS,
					  .attempt = 1,
					  .weight = (i + 1) * 10,
					  .exposure = (i + 1) / 10.0,
					  .from = T0 + (int64_t)i * scrapes / STEPS * SCRAPE,
					  .to = T0 + (int64_t)(i + 1) * scrapes / STEPS * SCRAPE };
	for (int turn = 0; turn < 5; turn++) {
		struct arena *arena = arena_new((size_t)256 << 20);
		struct decide_input in = { .strata = &all,
					   .prior = &prior,
					   .criteria = criteria,
					   .steps = steps,
					   .n_steps = STEPS,
					   .window_from = T0,
					   .window_to = INSTANT_NONE,
					   .ladder_end = T0 + scrapes * SCRAPE,
					   .at = T0 + scrapes * SCRAPE,
					   .planned_exposure = 0.5 };
		struct error err;
		double start = now_ms();

		if (arena == NULL || decide(out, &in, arena, &err) < 0) {
			fprintf(stderr, "bench: %s\n", arena == NULL ? "out of memory" : err.text);
			exit(2);
		}
		best = fmin(best, now_ms() - start);
		arena_free(arena);
	}
	return best;
}

int main(void)
{
	struct arena *arena = arena_new(1 << 22);
	struct criteria criteria;
	struct error err;
	double ms[4], growth;

	if (arena == NULL || criteria_parse(&criteria, NULL, 0, NULL, NULL, NULL, arena, &err) < 0)
		return 2;
	for (int i = 0; i < 4; i++) {
		ms[i] = judge_ms(&criteria, 60 << i);
		printf("%4d scrapes of 5 s, %d steps, %d edges: %8.3f ms%s\n", 60 << i, STEPS, EDGES, ms[i], i == 0 ? ", limit 10 ms" : "");
	}
	growth = ms[3] / ms[0];
	printf("ratio to the limit %.2f; 8 times the scrapes cost %.1f times as much (square: 64)\n", ms[0] / LIMIT_MS, growth);
	arena_free(arena);
	return ms[0] <= LIMIT_MS && growth <= 2 * 64 ? 0 : 1;
}
