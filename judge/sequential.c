#include "sequential.h"

#include "gonogo/arena.h"

/* facts/judge.md 4.2: how many times worse the alternatives are, and what each is worth beforehand. */
static const double gaps[WATCH_GAPS] = { 1.2, 1.5, 2, 4, 16 };
static const double weights[WATCH_GAPS] = { 0.2, 0.2, 0.3, 0.2, 0.1 };

/* λ(g) = k ln g - m [log1p(a R0 g) - log1p(a R0)]; towards smaller R with 1/g. */
static struct watch_term term_of(const struct tally *t, double r0, enum direction direction)
{
	struct watch_term term;
	double at_null = log1p(t->a * r0);

	for (int i = 0; i < WATCH_GAPS; i++) {
		double gap = direction == DIRECTION_UP ? gaps[i] : 1 / gaps[i];

		term.gap[i] = (double)t->k * log(gap) - (double)t->m * (log1p(t->a * r0 * gap) - at_null);
	}
	return term;
}

/* ln Σ u_g exp((sum - before - out)/d), out NULL: nothing left out. */
static double mixture(const struct watch_term *sum, const struct watch_term *before, const struct watch_term *out, double d)
{
	double x[WATCH_GAPS], most = -INFINITY, total = 0;

	for (int i = 0; i < WATCH_GAPS; i++) {
		x[i] = (sum->gap[i] - before->gap[i] - (out ? out->gap[i] : 0)) / d;
		most = fmax(most, x[i]);
	}
	for (int i = 0; i < WATCH_GAPS; i++)
		total += weights[i] * exp(x[i] - most);
	return most + log(total);
}

static double ln_add(double a, double b)
{
	double most = fmax(a, b);

	return isinf(most) ? most : most + log1p(exp(fmin(a, b) - most));
}

/* -ln j(j+1), j from 1. */
static double ln_share(size_t block)
{
	double j = (double)block + 1;

	return -log(j * (j + 1));
}

void watch_init(struct watch *watch, double r0, enum direction direction, double d, struct arena *arena)
{
	*watch = (struct watch){ .r0 = r0, .d = d, .direction = direction, .arena = arena };
}

static int begin_block(struct watch *watch)
{
	struct watch_block *blocks = arena_grow(watch->arena, watch->blocks, watch->n_blocks, &watch->cap_blocks, sizeof *blocks);

	if (!blocks)
		return -1;
	watch->blocks = blocks;
	blocks[watch->n_blocks++] = (struct watch_block){ .before = watch->total, .start = watch->n };
	return 0;
}

static bool nowhere_less(const struct watch_term *a, const struct watch_term *b)
{
	for (int i = 0; i < WATCH_GAPS; i++)
		if (a->gap[i] < b->gap[i])
			return false;
	return true;
}

/* Keeps only strata that none outdoes at every gap: leaving such a one out takes the most, so the minimum is found among them. */
static int front_add(struct watch_block *block, const struct watch_term *term, struct arena *arena)
{
	struct watch_term *front;
	size_t kept = 0;

	for (size_t i = 0; i < block->n_front; i++)
		if (nowhere_less(&block->front[i], term))
			return 0;
	for (size_t i = 0; i < block->n_front; i++)
		if (!nowhere_less(term, &block->front[i]))
			block->front[kept++] = block->front[i];
	block->n_front = kept;
	front = arena_grow(arena, block->front, kept, &block->cap_front, sizeof *front);
	if (!front)
		return -1;
	block->front = front;
	front[block->n_front++] = *term;
	return 0;
}

int watch_add(struct watch *watch, const struct tally *tally, bool restart)
{
	struct watch_term term = term_of(tally, watch->r0, watch->direction);

	if ((restart || watch->n_blocks == 0) && begin_block(watch) != 0)
		return -1;
	if (front_add(&watch->blocks[watch->n_blocks - 1], &term, watch->arena) != 0)
		return -1;
	for (int i = 0; i < WATCH_GAPS; i++)
		watch->total.gap[i] += term.gap[i];
	watch->n++;
	return 0;
}

double watch_ln_part(const struct watch *watch, size_t block)
{
	return mixture(&watch->total, &watch->blocks[block].before, NULL, watch->d) + ln_share(block);
}

double watch_ln_e(const struct watch *watch, size_t from)
{
	double sum = -INFINITY;

	for (size_t j = from; j < watch->n_blocks; j++)
		sum = ln_add(sum, watch_ln_part(watch, j));
	return sum;
}

/* ln E without a stratum of block `in`: only windows that began at or before it hold it. */
static double ln_e_without(const struct watch *watch, size_t from, size_t in, const struct watch_term *term)
{
	double sum = -INFINITY;

	for (size_t j = from; j < watch->n_blocks; j++)
		sum = ln_add(sum, mixture(&watch->total, &watch->blocks[j].before, j <= in ? term : NULL, watch->d) + ln_share(j));
	return sum;
}

double watch_ln_e_min(const struct watch *watch, size_t from)
{
	double least = watch_ln_e(watch, from);

	for (size_t b = from; b < watch->n_blocks; b++)
		for (size_t i = 0; i < watch->blocks[b].n_front; i++)
			least = fmin(least, ln_e_without(watch, from, b, &watch->blocks[b].front[i]));
	return least;
}

size_t watch_dominating(const struct watch *watch, size_t from, size_t *start)
{
	double most = -INFINITY;
	size_t at = from;

	for (size_t j = from; j < watch->n_blocks; j++) {
		double part = watch_ln_part(watch, j);

		if (part > most) {
			most = part;
			at = j;
		}
	}
	if (start)
		*start = at < watch->n_blocks ? watch->blocks[at].start : 0;
	return at;
}

double evidence_ln(const struct tally *v, size_t n, const size_t *starts, size_t n_starts, double r0, enum direction direction, double d)
{
	static const struct watch_term nothing;
	struct watch_term sum = nothing;
	double total = -INFINITY;
	size_t next = starts ? n_starts : 1;

	/* From the end, so that the sums are those of the windows. */
	for (size_t i = n; i-- > 0;) {
		struct watch_term term = term_of(&v[i], r0, direction);

		for (int g = 0; g < WATCH_GAPS; g++)
			sum.gap[g] += term.gap[g];
		while (next > 0 && (starts ? starts[next - 1] : 0) == i) {
			next--;
			total = ln_add(total, mixture(&sum, &nothing, NULL, d) + (starts ? ln_share(next) : 0));
		}
	}
	return n == 0 ? (starts ? ln_share(0) : 0) : total;
}
