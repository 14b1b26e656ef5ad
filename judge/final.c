#include "final.h"

/* ln R of any ratio that counts below 2^53 can show. */
#define PSI_MAX 30.0
#define BISECTIONS 80

/* Beyond this, erfc(z/√2) nears the least double: the asymptotic series is then exact to 1e-6. */
#define Z_ASYMPTOTIC 30.0

double normal_tail(double z)
{
	return 0.5 * erfc(z / sqrt(2.0));
}

double normal_ln_tail(double z)
{
	if (z > Z_ASYMPTOTIC)
		return -z * z / 2 - log(z) - 0.5 * log(2 * acos(-1.0)) + log1p(-1 / (z * z));
	return log(normal_tail(z));
}

double normal_z_of_ln(double ln_tail)
{
	double lo = -40, hi = sqrt(2 * fmax(0, -ln_tail)) + 40;

	for (int i = 0; i < 2 * BISECTIONS; i++) {
		double mid = (lo + hi) / 2;

		if (normal_ln_tail(mid) > ln_tail)
			lo = mid;
		else
			hi = mid;
	}
	return (lo + hi) / 2;
}

double normal_z(double tail)
{
	return normal_z_of_ln(log(tail));
}

/* κ(ψ) = Σ m log1p(a e^ψ) and its first two derivatives. */
static double cumulant(const struct look *look, double psi)
{
	double sum = 0, e = exp(psi);

	for (size_t i = 0; i < look->n; i++)
		if (i != look->skip)
			sum += (double)look->v[i].m * log1p(look->v[i].a * e);
	return sum;
}

static double cumulant1(const struct look *look, double psi)
{
	double sum = 0, e = exp(psi);

	for (size_t i = 0; i < look->n; i++) {
		double t = look->v[i].a * e;

		if (i != look->skip)
			sum += (double)look->v[i].m * (t / (1 + t));
	}
	return sum;
}

static double cumulant2(const struct look *look, double psi)
{
	double sum = 0, e = exp(psi);

	for (size_t i = 0; i < look->n; i++) {
		double t = look->v[i].a * e;

		if (i != look->skip)
			sum += (double)look->v[i].m * (t / ((1 + t) * (1 + t)));
	}
	return sum;
}

void look_init(struct look *look, const struct tally *v, size_t n, size_t skip, enum direction direction)
{
	double lo = -PSI_MAX, hi = PSI_MAX;

	*look = (struct look){ .v = v, .n = n, .skip = skip, .direction = direction };
	for (size_t i = 0; i < n; i++) {
		if (i == skip)
			continue;
		look->k += v[i].k;
		look->m += v[i].m;
	}
	look->x = (double)look->k + (direction == DIRECTION_UP ? -0.5 : 0.5);
	if (look->x <= 0 || look->x >= (double)look->m)
		return;
	for (int i = 0; i < BISECTIONS; i++) {
		double mid = (lo + hi) / 2;

		if (cumulant1(look, mid) < look->x)
			lo = mid;
		else
			hi = mid;
	}
	look->psi = (lo + hi) / 2;
	look->kappa = cumulant(look, look->psi);
	look->kappa2 = cumulant2(look, look->psi);
}

/* ln P(K = M) for up, ln P(K = 0) for down: closed forms where the saddlepoint runs off to infinity. */
static double boundary_ln_tail(const struct look *look, double r0)
{
	double sum = 0;

	for (size_t i = 0; i < look->n; i++) {
		double t = look->v[i].a * r0;

		if (i != look->skip)
			sum -= (double)look->v[i].m * log1p(look->direction == DIRECTION_UP ? 1 / t : t);
	}
	return sum;
}

double look_z(const struct look *look, double r0, double d)
{
	bool up = look->direction == DIRECTION_UP;
	double psi0 = log(r0), r, u, z;

	if (look->m == 0 || look->k == (up ? 0 : look->m))
		return -INFINITY;
	if (look->k == (up ? look->m : 0))
		return normal_z_of_ln(boundary_ln_tail(look, r0)) / sqrt(d);
	r = 2 * ((look->psi - psi0) * look->x - look->kappa + cumulant(look, psi0));
	r = copysign(sqrt(fmax(0, r)), look->psi - psi0);
	u = 2 * sinh((look->psi - psi0) / 2) * sqrt(look->kappa2);
	z = fabs(r) < 1e-3 ? r : r + log(u / r) / r;
	return (up ? z : -z) / sqrt(d);
}

double final_z(const struct tally *v, size_t n, enum direction direction, double r0, double d)
{
	struct look look;

	look_init(&look, v, n, n, direction);
	return look_z(&look, r0, d);
}

double final_z_without_worst(const struct tally *v, size_t n, enum direction direction, double r0, double d, size_t *worst)
{
	double most = -INFINITY;
	size_t at = 0;
	struct look look;

	for (size_t i = 0; i < n; i++) {
		double t = v[i].a * r0, excess = (double)v[i].k - (double)v[i].m * t / (1 + t);

		if (excess > most) {
			most = excess;
			at = i;
		}
	}
	if (worst)
		*worst = at;
	look_init(&look, v, n, at, direction);
	return look_z(&look, r0, d);
}
