/* The reference numbers that the statistics are checked against: tests/vectors.json, facts/judge.md section 5. */
#ifndef SUPPORT_VECTORS_H
#define SUPPORT_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../judge/tally.h"

struct json;

#define TALLIES_MAX 64

/* The whole file; the test fails if it cannot be read. json_free when done. */
struct json *vectors_open(void);

/* A number at a path of an object; "inf" is +INFINITY; the test fails if it is absent. null: NaN. */
double vector_number(const struct json *object, const char *path);
/* Any element of an array in the same way. */
double vector_value(const struct json *value);
const struct json *vector_at(const struct json *array, size_t i);
bool vector_word(const struct json *object, const char *key, const char *word);

/* [[a, m, k], …] into v; returns how many. */
size_t vector_tallies(const struct json *array, struct tally v[static TALLIES_MAX]);

/* Within 1e-6 of each other, relatively; infinities and NaN equal themselves. */
#define assert_near(a, b) vector_near((a), (b), 1e-6, #a, __FILE__, __LINE__)
#define assert_near_to(a, b, tolerance) vector_near((a), (b), (tolerance), #a, __FILE__, __LINE__)
void vector_near(double a, double b, double tolerance, const char *what, const char *file, int line);

/* Small generator of its own (xorshift64*), so that every machine draws the same. */
struct dice {
	uint64_t state;
};
uint64_t dice_next(struct dice *dice);
double dice_unit(struct dice *dice); /* [0, 1) */
int64_t dice_binomial(struct dice *dice, int64_t n, double p); /* by single draws: for small n */

#endif
