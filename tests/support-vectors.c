#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/error.h"
#include "gonogo/json.h"
#include "support-vectors.h"

#define VECTORS "tests/vectors.json"
#define VECTORS_MAX (1 << 20)

struct json *vectors_open(void)
{
	struct error err = { 0 };
	char *bytes = malloc(VECTORS_MAX);
	FILE *file = fopen(VECTORS, "rb");
	struct json *json;
	size_t len;

	if (!file)
		fail_msg("%s: cannot be opened; run from the repository's root", VECTORS);
	assert_non_null(bytes);
	len = fread(bytes, 1, VECTORS_MAX, file);
	fclose(file);
	json = json_parse(bytes, len, &err);
	free(bytes);
	if (!json)
		fail_msg("%s: %s", VECTORS, err.text);
	return json;
}

double vector_value(const struct json *value)
{
	double number;

	if (json_number(value, &number))
		return number;
	if (json_is_string(value) && strcmp(json_string(value), "inf") == 0)
		return INFINITY;
	if (!json_is_null(value))
		fail_msg("a number is missing from %s", VECTORS);
	return NAN;
}

double vector_number(const struct json *object, const char *path)
{
	return vector_value(json_path(object, path));
}

const struct json *vector_at(const struct json *array, size_t i)
{
	const struct json *item = json_first(array);

	while (item && i-- > 0)
		item = json_next(item);
	if (!item)
		fail_msg("%s: an array is too short", VECTORS);
	return item;
}

bool vector_word(const struct json *object, const char *key, const char *word)
{
	const char *text = json_string(json_get(object, key));

	return text && strcmp(text, word) == 0;
}

size_t vector_tallies(const struct json *array, struct tally v[static TALLIES_MAX])
{
	size_t n = 0;

	assert_true(json_size(array) <= TALLIES_MAX);
	for (const struct json *row = json_first(array); row; row = json_next(row))
		v[n++] = (struct tally){ .a = vector_value(vector_at(row, 0)),
					 .m = (int64_t)vector_value(vector_at(row, 1)),
					 .k = (int64_t)vector_value(vector_at(row, 2)) };
	return n;
}

void vector_near(double a, double b, double tolerance, const char *what, const char *file, int line)
{
	if (a == b || (isnan(a) && isnan(b)))
		return;
	if (isnan(a) || isnan(b) || isinf(a) || isinf(b) || fabs(a - b) > tolerance * fmax(fabs(a), fabs(b))) {
		print_error("%s: %.9g is not %.9g\n", what, a, b);
		_fail(file, line);
	}
}

uint64_t dice_next(struct dice *dice)
{
	dice->state ^= dice->state >> 12;
	dice->state ^= dice->state << 25;
	dice->state ^= dice->state >> 27;
	return dice->state * UINT64_C(2685821657736338717);
}

double dice_unit(struct dice *dice)
{
	return (double)(dice_next(dice) >> 11) * 0x1p-53;
}

int64_t dice_binomial(struct dice *dice, int64_t n, double p)
{
	int64_t k = 0;

	for (int64_t i = 0; i < n; i++)
		k += dice_unit(dice) < p;
	return k;
}
