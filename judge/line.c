#include "line.h"

#include "gonogo/arena.h"
#include "bounds.h"
#include "final.h"

void line_init(struct line *line, double r0, enum direction direction, double d, struct arena *arena)
{
	*line = (struct line){ .d = d };
	watch_init(&line->watch, r0, direction, d, arena);
}

int line_add(struct line *line, double a, int64_t m, int64_t k, size_t moment, bool restart)
{
	struct arena *arena = line->watch.arena;
	struct tally *v;
	size_t *moments, *starts;

	line->pending |= restart;
	if (m < 0)
		return 0;
	v = arena_grow(arena, line->v, line->n, &line->cap, sizeof *v);
	moments = arena_grow(arena, line->moments, line->n, &line->cap_moments, sizeof *moments);
	starts = arena_grow(arena, line->starts, line->n_starts, &line->cap_starts, sizeof *starts);
	if (!v || !moments || !starts)
		return -1;
	line->v = v;
	line->moments = moments;
	line->starts = starts;
	if (line->pending || line->n == 0)
		starts[line->n_starts++] = line->n;
	v[line->n] = (struct tally){ a, m, k };
	moments[line->n] = moment;
	if (watch_add(&line->watch, &v[line->n], line->pending) != 0)
		return -1;
	line->n++;
	line->pending = false;
	return 0;
}

bool line_alarms(const struct line *line, double alpha, size_t from)
{
	return watch_ln_e(&line->watch, from) >= log(2 / alpha) && watch_ln_e_min(&line->watch, from) >= log(E_WITHOUT_WORST);
}

bool line_refutes(const struct line *line, double alpha)
{
	double r0 = line->watch.r0;

	return final_z(line->v, line->n, DIRECTION_UP, r0, line->d) >= normal_z(alpha / 2) &&
	       final_z_without_worst(line->v, line->n, DIRECTION_UP, r0, line->d, NULL) >= normal_z(TAIL_WITHOUT_WORST);
}

struct interval line_bounds_anytime(const struct line *line, double ln_lo, double ln_hi)
{
	return bounds_anytime(line->v, line->n, line->starts, line->n_starts, line->d, ln_lo, ln_hi);
}
