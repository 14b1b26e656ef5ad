/* JSON: strict reading into a tree, reading a large answer element by element, and writing. The one place that knows cJSON. */
#ifndef GONOGO_JSON_H
#define GONOGO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

/* A parsed value; children are borrowed from the root. */
struct json;

/* Nesting allowed; RFC 8259 section 9 lets a parser set one. Kubernetes objects nest below 30. */
#define JSON_DEPTH_MAX 128

/* Strict RFC 8259: valid UTF-8, no trailing bytes, no "01", no "1.", numbers finite, no \u0000 in strings, depth ≤ JSON_DEPTH_MAX.
 * Duplicate keys are refused: cJSON would let the first win where others let the last. ERR_SYNTAX names the byte offset. */
struct json *json_parse(const char *bytes, size_t len, struct error *err);
void json_free(struct json *json);

/* All readers take NULL and answer as for an absent value, so that paths can be chained. Keys compare case-sensitively. */
const struct json *json_get(const struct json *object, const char *key);
/* "status.conditions": dots separate keys; no key may hold a dot. */
const struct json *json_path(const struct json *json, const char *path);
bool json_is_object(const struct json *json);
bool json_is_array(const struct json *json);
bool json_is_string(const struct json *json);
bool json_is_number(const struct json *json);
bool json_is_null(const struct json *json);	/* false for an absent value */

/* The string, or NULL if absent or not a string. */
const char *json_string(const struct json *json);
/* false if absent or not of the type. json_int: the number must be integral and below 2^53. */
bool json_number(const struct json *json, double *out);
bool json_int(const struct json *json, int64_t *out);
bool json_bool(const struct json *json, bool *out);

/* Children of an object or an array, in order of the text. */
size_t json_size(const struct json *json);
const struct json *json_first(const struct json *json);
const struct json *json_next(const struct json *child);
const char *json_key(const struct json *member);

/* Calls each with the bytes of every element of the array at path ("data.result", "items") in turn, without building a tree of the
 * whole text; memory stays that of one element. Returns 0; -1 if the text is no JSON up to there, if the path holds no array, or
 * if each returned non-zero (err is then each's). *seen (may be NULL) counts the elements. */
int json_each_element(const char *bytes, size_t len, const char *path, int (*each)(void *arg, const char *element, size_t element_len, struct error *err),
                      void *arg, size_t *seen, struct error *err);

/* Calls each with the bytes of every member of the object in turn: of the key as written, without its quotes, and of the value. Returns
 * as json_each_element does. A key that comes twice is given twice. */
int json_each_member(const char *bytes, size_t len,
                     int (*each)(void *arg, const char *key, size_t key_len, const char *value, size_t value_len, struct error *err),
                     void *arg, struct error *err);

/* An array of objects in one pass: member for each member of an element as json_each_member gives it, then end; object false: the element
 * was none. A key that comes twice is given twice. Returns as json_each_element does; a member of an element that turns out to be no JSON
 * may have been given before. */
struct json_record {
	int (*member)(void *arg, const char *key, size_t key_len, const char *value, size_t value_len, struct error *err);
	int (*end)(void *arg, bool object, struct error *err);
};

int json_each_record(const char *bytes, size_t len, const char *path, const struct json_record *record, void *arg, struct error *err);

/* Digits with or without a point, 15 of them at most: then number and power of ten are exact and one division rounds as strtod() does
 * (Clinger 1990), at a tenth of its cost. false: anything else, which is for strtod(). */
bool json_read_decimal(const char *text, size_t len, double *out);

/* A pair of a number and a string without escapes, as Prometheus writes a sample: [1795579359.743,"41"]. text is not terminated; the byte
 * behind it is its quote. */
struct json_pair {
	double number;
	const char *text;
	size_t text_len;
};

/* false if the bytes hold anything else. */
bool json_read_pair(const char *bytes, size_t len, struct json_pair *out);

/* Calls each with every element of the array that the bytes are, NULL for one that is no such pair. No tree is built: an answer has tens of
 * thousands. Returns as json_each_element does. */
int json_each_pair(const char *bytes, size_t len, int (*each)(void *arg, const struct json_pair *pair, struct error *err), void *arg,
                   struct error *err);

/* Copies an object without the members at the given paths ("metadata.managedFields"), compactly printed; for projections. A path
 * segment "*" stands for every element of an array or member of an object. */
int json_without(struct buf *out, const char *bytes, size_t len, const char *const *paths, size_t n, struct error *err);

/* Writing. Errors are sticky in the buffer. Keys are NULL inside arrays. */
struct json_writer {
	struct buf *out;
	int depth;
	int indent;		/* spaces a level; 0: compact, one line */
	bool comma;
};

void json_writer_init(struct json_writer *w, struct buf *out, int indent);
void json_begin_object(struct json_writer *w, const char *key);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w, const char *key);
void json_end_array(struct json_writer *w);
/* Invalid UTF-8 becomes U+FFFD; control characters are escaped. NULL writes null. */
void json_put_string(struct json_writer *w, const char *key, const char *value);
/* Shortest text that reads back as the same double; NaN and infinities write null. */
void json_put_number(struct json_writer *w, const char *key, double value);
void json_put_int(struct json_writer *w, const char *key, int64_t value);
void json_put_bool(struct json_writer *w, const char *key, bool value);
void json_put_null(struct json_writer *w, const char *key);
/* An instant as RFC 3339 UTC with milliseconds; INSTANT_NONE writes null. */
void json_put_instant(struct json_writer *w, const char *key, int64_t instant);

/* cJSON's version, of the library that is loaded. */
const char *json_library(void);

#endif
