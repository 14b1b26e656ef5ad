#include "gonogo/traffic.h"

#include <math.h>

/* Nine of ten tests shall decide: z of 0.1. */
#define Z_POWER 1.2815515655446004

/* KL(x‖y) of two coins. */
static double divergence(double x, double y)
{
	double sum = 0;

	if (x > 0)
		sum += x * log(x / y);
	if (x < 1)
		sum += (1 - x) * log((1 - x) / (1 - y));
	return sum;
}

double traffic_information(const struct traffic_question *q)
{
	double w = q->weight, true_share, refuted_share;

	if (!(w > 0 && w < 1) || !(q->base_rate > 0) || !(q->refuted > 0) || !(q->ratio >= 0) || isinf(q->ratio))
		return 0;
	true_share = w * q->ratio / (1 - w + w * q->ratio);
	refuted_share = w * q->refuted / (1 - w + w * q->refuted);
	return q->base_rate * (1 - w + w * q->ratio) * divergence(true_share, refuted_share);
}

static double requests_for(double information, double z, double dispersion)
{
	return information > 0 ? dispersion * (z + Z_POWER) * (z + Z_POWER) / (2 * information) : INFINITY;
}

double traffic_needed(const struct traffic_question *q)
{
	return requests_for(traffic_information(q), q->z, q->dispersion);
}

double traffic_needed_one(double p, double p0, double z, double dispersion)
{
	if (!(p >= 0 && p <= 1) || !(p0 > 0 && p0 < 1))
		return INFINITY;
	return requests_for(divergence(p, p0), z, dispersion);
}

void split_add(struct split_check *check, double weight, int64_t requests, int64_t canary)
{
	check->expected += weight * (double)requests;
	check->variance += weight * (1 - weight) * (double)requests;
	check->requests += (double)requests;
	check->seen += canary;
}

double split_limit(const struct split_check *check)
{
	return 4 * sqrt(check->variance) + 0.02 * check->requests;
}

bool split_is_off(const struct split_check *check)
{
	return fabs((double)check->seen - check->expected) > split_limit(check);
}
