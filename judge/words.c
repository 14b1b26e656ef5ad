#include "words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/criteria.h"

const char *words_code(const char *text, struct arena *arena)
{
	char *out = arena_alloc(arena, 2 * strlen(text) + 3), *at = out;

	if (out == NULL)
		return NULL;
	*at++ = '`';
	for (; *text != '\0'; text++) {
		*at++ = *text;
		if (*text == '`')
			*at++ = '`';
	}
	*at = '`';
	return out;
}

const char *words_percent(double fraction, struct arena *arena)
{
	return isnan(fraction) ? "unknown" : arena_printf(arena, "%.2f" NBSP "%%", fraction * 100);
}

const char *words_weight(double per_cent, struct arena *arena)
{
	bool whole = fabs(per_cent - round(per_cent)) < 0.05;

	return arena_printf(arena, whole ? "%.0f" NBSP "%%" : "%.1f" NBSP "%%", per_cent);
}

const char *words_latency(double seconds, struct arena *arena)
{
	if (isnan(seconds))
		return "unknown";
	return seconds < 1 ? arena_printf(arena, "%.0f" NBSP "ms", seconds * 1000) : arena_printf(arena, "%.2f" NBSP "s", seconds);
}

const char *words_ratio(double ratio, struct arena *arena)
{
	if (isnan(ratio))
		return "unknown";
	if (isinf(ratio))
		return "∞";
	return arena_printf(arena, ratio < 9.95 ? "%.1f" : "%.0f", ratio);
}

const char *words_count(int64_t count, struct arena *arena)
{
	char digits[32], text[64];
	size_t n, at = 0;

	if (count < 0)
		return "unknown";
	(void)snprintf(digits, sizeof digits, "%" PRId64, count);
	n = strlen(digits);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0) {
			memcpy(text + at, NBSP, 2);
			at += 2;
		}
		text[at++] = digits[i];
	}
	return arena_strndup(arena, text, at);
}

const char *words_criterion(const struct criterion *c, struct arena *arena)
{
	/* Several of one kind are told apart by their names. */
	if (c->endpoint.canary != NULL || c->n_error_classes > 0)
		return c->name;
	switch (c->kind) {
	case CRITERION_ERROR_RATIO:
		return strcmp(c->name, "error-rate") == 0 ? "Error rate" : c->name;
	case CRITERION_SUCCESS_RATE:
		return strcmp(c->name, "success-rate") == 0 ? "Success rate" : c->name;
	case CRITERION_QUANTILE_RATIO:
	case CRITERION_QUANTILE_ABSOLUTE:
		return arena_printf(arena, "p%g latency", c->quantile * 100);
	default:
		return c->name;
	}
}

const char *words_value(const struct criterion *c, double value, struct arena *arena)
{
	if (isnan(value))
		return "unknown";
	switch (c->kind) {
	case CRITERION_ERROR_RATIO:
	case CRITERION_SUCCESS_RATE:
		return words_percent(value, arena);
	case CRITERION_QUANTILE_RATIO:
	case CRITERION_QUANTILE_ABSOLUTE:
		return words_latency(value, arena);
	default:
		return arena_printf(arena, "%g", value);
	}
}

const char *words_limit(const struct criterion *c, struct arena *arena)
{
	switch (c->kind) {
	case CRITERION_ERROR_RATIO:
		return arena_printf(arena, "<" NBSP "%g" NBSP "×" NBSP "baseline", c->limit);
	case CRITERION_SUCCESS_RATE:
		return arena_printf(arena, "≥" NBSP "%.2f" NBSP "%%", c->limit * 100);
	case CRITERION_QUANTILE_RATIO:
		return arena_printf(arena, "<" NBSP "+%.0f" NBSP "%% of baseline", (c->limit - 1) * 100);
	case CRITERION_QUANTILE_ABSOLUTE:
		return arena_printf(arena, "≤" NBSP "%s", words_latency(c->limit, arena));
	default:
		return arena_printf(arena, "%s" NBSP "%g", c->point_is_max ? "≤" : "≥", c->limit);
	}
}
