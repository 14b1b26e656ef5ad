/* The corpus of facts/judge.md section 6: scenarios with a truth label, and what Prometheus would have scraped of them. */
#ifndef BENCH_CORPUS_H
#define BENCH_CORPUS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "gonogo/strata.h"
#include "draw.h"

#define SCRAPE_SECONDS 10
#define HISTORY_SCRAPES 180
#define DEADLINE_SECONDS 600
#define CORPUS_EDGES 16

enum truth { GOOD, GREY, BAD };
enum set { CORE, ROB, LAT, HELD, SETS };

static const char *const set_names[] = { "core", "rob", "lat", "held" };

/* Traefik's own, and what the finding tells to configure for a p95 of 250 ms (3.3) with an edge at 0.5 s and 1 s. */
static const double edges_traefik[] = { 0.1, 0.3, 1.2, 5.0 };
static const double edges_dense[] = { 0.154536, 0.16866,  0.184076, 0.2009,   0.219262, 0.239303, 0.261175, 0.285047,
				      0.3111,   0.339534, 0.370568, 0.404438, 0.441403, 0.481748, 0.5,      1.0 };

struct scenario {
	const char *name;
	enum set set;
	enum truth truth;
	double base, canary; /* error rates */
	double p95, stretch, sigma; /* baseline's p95 in seconds, the canary's in multiples of it, of the lognormal */
	double from_weight; /* the canary is bad from this weight on; before it is like the baseline */
	double cold; /* seconds in which `stretch` holds; 0: always */
	double burst; /* mean size of a cluster of errors; 0: none */
	double drift, shared; /* sd of the AR(.9) log-intensity of errors, an arm's own and common */
	double jitter; /* sd of a scrape's log p95, an arm's own */
	bool traefik; /* default buckets */
	bool no_average; /* left out of the set's mean: a probe */
};

#define LATENCY .p95 = 0.25, .stretch = 1, .sigma = 0.6

static const struct scenario scenarios[] = {
	{ "no errors", CORE, GOOD, 0, 0, LATENCY },
	{ "0.1 %", CORE, GOOD, 0.001, 0.001, LATENCY },
	{ "0.5 %", CORE, GOOD, 0.005, 0.005, LATENCY },
	{ "cold 1.6x for 30 s", CORE, GOOD, 0.001, 0.001, .p95 = 0.25, .stretch = 1.6, .sigma = 0.6, .cold = 30 },
	{ "1.5x errors, +15 %", CORE, GREY, 0.003, 0.0045, .p95 = 0.25, .stretch = 1.15, .sigma = 0.6 },
	{ "4x 0.1->0.4 %", CORE, GREY, 0.001, 0.004, LATENCY },
	{ "2x 0.3->0.6 %", CORE, BAD, 0.003, 0.006, LATENCY },
	{ "10x 0.1->1 %", CORE, BAD, 0.001, 0.01, LATENCY },
	{ "8 %", CORE, BAD, 0.001, 0.08, LATENCY },
	{ "3 % from 30 %", CORE, BAD, 0.001, 0.03, LATENCY, .from_weight = 0.3 },
	{ "0.6 % from 30 %", CORE, BAD, 0.001, 0.006, LATENCY, .from_weight = 0.3 },
	{ "p95 x1.3", CORE, BAD, 0.001, 0.001, .p95 = 0.25, .stretch = 1.3, .sigma = 0.6 },
	{ "p95 x1.5", CORE, BAD, 0.001, 0.001, .p95 = 0.25, .stretch = 1.5, .sigma = 0.6 },
	{ "p95 x3", CORE, BAD, 0.001, 0.001, .p95 = 0.25, .stretch = 3, .sigma = 0.6 },
	{ "p95 x2 from 30 %", CORE, BAD, 0.001, 0.001, .p95 = 0.25, .stretch = 2, .sigma = 0.6, .from_weight = 0.3 },

	{ "0.2 % bursts 5", ROB, GOOD, 0.002, 0.002, LATENCY, .burst = 5 },
	{ "0.2 % bursts 20", ROB, GOOD, 0.002, 0.002, LATENCY, .burst = 20 },
	{ "arm drift 0.3", ROB, GOOD, 0.002, 0.002, LATENCY, .drift = 0.3 },
	{ "shared drift 0.7", ROB, GOOD, 0.002, 0.002, LATENCY, .shared = 0.7 },
	{ "p95 jitter 10 %", ROB, GOOD, 0.001, 0.001, LATENCY, .jitter = 0.1 },
	{ "2 % bursts 5", ROB, BAD, 0.002, 0.02, LATENCY, .burst = 5 },
	{ "2 % bursts 20", ROB, BAD, 0.002, 0.02, LATENCY, .burst = 20 },
	{ "2 %, arm drift 0.3", ROB, BAD, 0.002, 0.02, LATENCY, .drift = 0.3 },
	{ "2 %, shared drift 0.7", ROB, BAD, 0.002, 0.02, LATENCY, .shared = 0.7 },
	{ "x1.5, jitter 10 %", ROB, BAD, 0.001, 0.001, .p95 = 0.25, .stretch = 1.5, .sigma = 0.6, .jitter = 0.1 },

	{ "Traefik 60 ms", LAT, GOOD, 0.001, 0.001, .p95 = 0.06, .stretch = 1, .sigma = 0.6, .traefik = true },
	{ "Traefik 250 ms", LAT, GOOD, 0.001, 0.001, .p95 = 0.25, .stretch = 1, .sigma = 0.6, .traefik = true },
	{ "dense 250 ms", LAT, GOOD, 0.001, 0.001, LATENCY },
	{ "dense 261 ms", LAT, GOOD, 0.001, 0.001, .p95 = 0.261, .stretch = 1, .sigma = 0.6 },
	{ "Traefik 290 ms +10 %", LAT, GREY, 0.001, 0.001, .p95 = 0.29, .stretch = 1.1, .sigma = 0.6, .traefik = true },
	{ "Traefik 60 ms x1.3", LAT, BAD, 0.001, 0.001, .p95 = 0.06, .stretch = 1.3, .sigma = 0.6, .traefik = true },
	{ "Traefik 60 ms x3", LAT, BAD, 0.001, 0.001, .p95 = 0.06, .stretch = 3, .sigma = 0.6, .traefik = true },
	{ "dense 261 ms x1.3", LAT, BAD, 0.001, 0.001, .p95 = 0.261, .stretch = 1.3, .sigma = 0.6 },
	{ "dense 261 ms x3", LAT, BAD, 0.001, 0.001, .p95 = 0.261, .stretch = 3, .sigma = 0.6 },

	{ "0.2 %, sigma 0.9", HELD, GOOD, 0.002, 0.002, .p95 = 0.25, .stretch = 1, .sigma = 0.9 },
	{ "p95 180 ms", HELD, GOOD, 0.001, 0.001, .p95 = 0.18, .stretch = 1, .sigma = 0.6 },
	{ "0.3 % bursts 10", HELD, GOOD, 0.003, 0.003, LATENCY, .burst = 10 },
	{ "arm drift 0.5", HELD, GOOD, 0.002, 0.002, LATENCY, .drift = 0.5 },
	{ "cold 1.6x for 60 s", HELD, GOOD, 0.001, 0.001, .p95 = 0.25, .stretch = 1.6, .sigma = 0.6, .cold = 60 },
	{ "cold 1.6x for 90 s", HELD, GOOD, 0.001, 0.001, .p95 = 0.25, .stretch = 1.6, .sigma = 0.6, .cold = 90, .no_average = true },
	{ "canary better", HELD, GOOD, 0.002, 0.001, .p95 = 0.25, .stretch = 0.8, .sigma = 0.6 },
	{ "3x 0.2->0.6 %", HELD, BAD, 0.002, 0.006, LATENCY },
	{ "2 % from 50 %", HELD, BAD, 0.001, 0.02, LATENCY, .from_weight = 0.5 },
	{ "1.5 % bursts 10", HELD, BAD, 0.003, 0.015, LATENCY, .burst = 10 },
	{ "x1.4, sigma 0.9", HELD, BAD, 0.001, 0.001, .p95 = 0.25, .stretch = 1.4, .sigma = 0.9 },
	{ "x2 from 50 %", HELD, BAD, 0.001, 0.001, .p95 = 0.25, .stretch = 2, .sigma = 0.6, .from_weight = 0.5 },
};

#define SCENARIOS (sizeof scenarios / sizeof scenarios[0])

struct scrape {
	int64_t n[ARMS], k[ARMS], slow[ARMS][CORPUS_EDGES];
};

struct generator {
	const struct scenario *scenario;
	const double *edges;
	size_t n_edges;
	double rps;
	struct draw draw;
	double own[ARMS], shared; /* AR(.9) states, sd 1 */
	double share_p95[ARMS]; /* the p95 that `share` was computed for */
	double share[ARMS][CORPUS_EDGES]; /* above an edge, of those above the one before */
};

static inline void generator_init(struct generator *g, const struct scenario *scenario, double rps, const uint64_t *seed, size_t n_seed)
{
	*g = (struct generator){ .scenario = scenario, .rps = rps };
	g->edges = scenario->traefik ? edges_traefik : edges_dense;
	g->n_edges = scenario->traefik ? sizeof edges_traefik / sizeof edges_traefik[0] : CORPUS_EDGES;
	draw_seed(&g->draw, seed, n_seed);
	for (int arm = 0; arm < ARMS; arm++)
		g->own[arm] = draw_normal(&g->draw);
	g->shared = draw_normal(&g->draw);
}

static inline double generator_step(struct generator *g, double state)
{
	return 0.9 * state + sqrt(1 - 0.81) * draw_normal(&g->draw);
}

static inline int64_t generator_errors(struct generator *g, int64_t n, double rate)
{
	double burst = g->scenario->burst;
	int64_t k = 0;

	if (burst <= 1)
		return draw_binomial(&g->draw, n, rate);
	for (int64_t clusters = draw_poisson(&g->draw, (double)n * rate / burst); clusters > 0; clusters--)
		k += draw_geometric(&g->draw, burst);
	return k < n ? k : n;
}

/* Requests above each edge: each of those above the one before, one binomial after the other. */
static inline void generator_latency(struct generator *g, int arm, double p95, struct scrape *s)
{
	int64_t left = s->n[arm];

	if (p95 != g->share_p95[arm]) {
		double before = 1;

		for (size_t e = 0; e < g->n_edges; e++) {
			double above = 0.5 * erfc((log(g->edges[e] / p95) / g->scenario->sigma + 1.6448536269514722) / sqrt(2.0));

			g->share[arm][e] = above / before;
			before = above;
		}
		g->share_p95[arm] = p95;
	}
	for (size_t e = 0; e < g->n_edges; e++)
		s->slow[arm][e] = left = draw_binomial(&g->draw, left, g->share[arm][e]);
}

/* The scrape that ends at `seconds` of the rollout (≤ 0: history), with the canary's share of requests by round robin. */
static inline void generator_scrape(struct generator *g, double seconds, double weight, struct scrape *s)
{
	const struct scenario *c = g->scenario;
	int64_t n = draw_poisson(&g->draw, g->rps * SCRAPE_SECONDS);
	bool changed = weight >= c->from_weight - 1e-9;

	*s = (struct scrape){ .n = { (int64_t)floor((double)n * weight + 0.5), 0 } };
	s->n[ARM_BASELINE] = n - s->n[ARM_CANARY];
	g->shared = generator_step(g, g->shared);
	for (int arm = 0; arm < ARMS; arm++) {
		bool canary = arm == ARM_CANARY;
		double rate = canary && changed ? c->canary : c->base, p95 = c->p95;

		g->own[arm] = generator_step(g, g->own[arm]);
		if (s->n[arm] == 0)
			continue;
		rate *= exp(c->drift * g->own[arm] - c->drift * c->drift / 2 + c->shared * g->shared - c->shared * c->shared / 2);
		if (canary && changed && (c->cold <= 0 || seconds <= c->cold))
			p95 *= c->stretch;
		if (c->jitter > 0)
			p95 *= exp(c->jitter * draw_normal(&g->draw));
		s->k[arm] = generator_errors(g, s->n[arm], fmin(rate, 1));
		generator_latency(g, arm, p95, s);
	}
}

#endif
