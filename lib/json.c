/* A strict scan decides what is JSON; cJSON only builds the tree of what passed. */
#include "gonogo/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>

#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/utf8.h"

/* Objects with more members are compared by hash; a hostile object of that many keys must not cost quadratic time. */
#define KEYS_LINEAR 16
#define KEYS_MAX 65536

struct scan {
	const char *start, *at, *end;
	int depth;
	bool check_keys;
	const char *fault;
};

static bool scan_value(struct scan *s);

static bool fault(struct scan *s, const char *text)
{
	if (s->fault == NULL)
		s->fault = text;
	return false;
}

static void skip_space(struct scan *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
		s->at++;
}

static bool take(struct scan *s, char c)
{
	if (s->at >= s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 32) >= 'a' && (c | 32) <= 'f')
		return (c | 32) - 'a' + 10;
	return -1;
}

/* Four hex digits behind "\u"; -1 if they are none. */
static int scan_unit(struct scan *s)
{
	int value = 0;

	if (s->end - s->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_value(*s->at++);

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static bool scan_escape(struct scan *s)
{
	int unit;

	if (s->at >= s->end)
		return fault(s, "ends inside a string");
	if (strchr("\"\\/bfnrt", *s->at) != NULL && *s->at != '\0') {
		s->at++;
		return true;
	}
	if (*s->at++ != 'u')
		return fault(s, "unknown escape");
	unit = scan_unit(s);
	if (unit < 0)
		return fault(s, "bad \\u escape");
	if (unit == 0)
		return fault(s, "\\u0000 in a string");
	if (unit >= 0xDC00 && unit <= 0xDFFF)
		return fault(s, "lone surrogate");
	if (unit >= 0xD800 && unit <= 0xDBFF) {
		if (!take(s, '\\') || !take(s, 'u'))
			return fault(s, "lone surrogate");
		unit = scan_unit(s);
		if (unit < 0xDC00 || unit > 0xDFFF)
			return fault(s, "lone surrogate");
	}
	return true;
}

static bool scan_string(struct scan *s)
{
	unsigned char bits;
	const char *run;

	if (!take(s, '"'))
		return fault(s, "string expected");
	for (;;) {
		run = s->at;
		for (bits = 0; s->at < s->end && (unsigned char)*s->at >= 0x20 && *s->at != '"' && *s->at != '\\'; s->at++)
			bits |= (unsigned char)*s->at;
		if (bits >= 0x80 && !utf8_valid(run, (size_t)(s->at - run)))
			return fault(s, "invalid UTF-8");
		if (s->at >= s->end)
			return fault(s, "ends inside a string");
		if (*s->at == '"') {
			s->at++;
			return true;
		}
		if (*s->at != '\\')
			return fault(s, "control character in a string");
		s->at++;
		if (!scan_escape(s))
			return false;
	}
}

static bool scan_digits(struct scan *s)
{
	const char *start = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > start;
}

static bool scan_number(struct scan *s)
{
	const char *start = s->at;
	bool exponent;
	char text[64];
	size_t len;

	(void)take(s, '-');
	if (!take(s, '0') && !scan_digits(s))
		return fault(s, "number expected");
	if (take(s, '.') && !scan_digits(s))
		return fault(s, "digits expected behind the point");
	exponent = take(s, 'e') || take(s, 'E');
	if (exponent) {
		if (!take(s, '+'))
			(void)take(s, '-');
		if (!scan_digits(s))
			return fault(s, "digits expected in the exponent");
	}
	len = (size_t)(s->at - start);
	/* A number of 63 characters and more is none that anybody sent on purpose; below that, 1e400 is refused as what it is. */
	if (len >= sizeof text)
		return fault(s, "number too long");
	if (!exponent)
		return true;
	memcpy(text, start, len);
	text[len] = '\0';
	return isfinite(strtod(text, NULL)) || fault(s, "number out of range");
}

static bool scan_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
		return fault(s, "value expected");
	s->at += len;
	return true;
}

struct key {
	const char *at;
	size_t len;
};

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int c = memcmp(x->at, y->at, n);

	return c != 0 ? c : x->len < y->len ? -1 : x->len > y->len;
}

/* Keys as written: two spellings of one key by escapes are not the business of honest senders. */
static bool keys_unique(struct key *keys, size_t n)
{
	qsort(keys, n, sizeof *keys, compare_keys);
	for (size_t i = 1; i < n; i++)
		if (compare_keys(&keys[i - 1], &keys[i]) == 0)
			return false;
	return true;
}

struct keys {
	struct key few[KEYS_LINEAR];
	struct key *v;
	size_t n, cap;
};

static bool keys_add(struct scan *s, struct keys *keys, const char *at, size_t len)
{
	if (keys->n == keys->cap) {
		size_t cap = keys->cap * 2;
		struct key *grown = cap > KEYS_MAX ? NULL : malloc(cap * sizeof *grown);

		if (grown == NULL)
			return fault(s, "too many members in an object");
		memcpy(grown, keys->v, keys->n * sizeof *grown);
		if (keys->v != keys->few)
			free(keys->v);
		keys->v = grown;
		keys->cap = cap;
	}
	keys->v[keys->n++] = (struct key){ at, len };
	return true;
}

static bool scan_members(struct scan *s, struct keys *keys)
{
	const char *key;

	do {
		skip_space(s);
		key = s->at;
		if (!scan_string(s))
			return false;
		if (s->check_keys && !keys_add(s, keys, key, (size_t)(s->at - key)))
			return false;
		skip_space(s);
		if (!take(s, ':'))
			return fault(s, "\":\" expected");
		if (!scan_value(s))
			return false;
		skip_space(s);
	} while (take(s, ','));
	if (!take(s, '}'))
		return fault(s, "\",\" or \"}\" expected");
	return !s->check_keys || keys_unique(keys->v, keys->n) || fault(s, "the same key twice in one object");
}

static bool scan_object(struct scan *s)
{
	struct keys keys = { .cap = KEYS_LINEAR };
	bool ok;

	keys.v = keys.few;
	s->at++;
	skip_space(s);
	if (take(s, '}'))
		return true;
	ok = scan_members(s, &keys);
	if (keys.v != keys.few)
		free(keys.v);
	return ok;
}

static bool scan_array(struct scan *s)
{
	s->at++;
	skip_space(s);
	if (take(s, ']'))
		return true;
	do {
		if (!scan_value(s))
			return false;
		skip_space(s);
	} while (take(s, ','));
	return take(s, ']') || fault(s, "\",\" or \"]\" expected");
}

static bool scan_value(struct scan *s)
{
	bool ok;

	skip_space(s);
	if (s->at >= s->end)
		return fault(s, "ends where a value is expected");
	switch (*s->at) {
	case '{':
	case '[':
		if (++s->depth > JSON_DEPTH_MAX)
			return fault(s, "nested too deep");
		ok = *s->at == '{' ? scan_object(s) : scan_array(s);
		s->depth--;
		return ok;
	case '"':
		return scan_string(s);
	case 't':
		return scan_word(s, "true");
	case 'f':
		return scan_word(s, "false");
	case 'n':
		return scan_word(s, "null");
	default:
		return scan_number(s);
	}
}

static int scan_error(const struct scan *s, struct error *err)
{
	return error_code(err, ERR_SYNTAX, "JSON: byte %zu: %s", (size_t)(s->at - s->start), s->fault != NULL ? s->fault : "invalid");
}

struct json *json_parse(const char *bytes, size_t len, struct error *err)
{
	struct scan s = { .start = bytes, .at = bytes, .end = bytes + len, .check_keys = true };
	cJSON *tree;

	if (!scan_value(&s)) {
		scan_error(&s, err);
		return NULL;
	}
	skip_space(&s);
	if (s.at != s.end) {
		fault(&s, "more text behind the value");
		scan_error(&s, err);
		return NULL;
	}
	tree = cJSON_ParseWithLength(bytes, len);
	if (tree == NULL)
		error_nomem(err);
	return (struct json *)tree;
}

void json_free(struct json *json)
{
	cJSON_Delete((cJSON *)json);
}

static const cJSON *of(const struct json *json)
{
	return (const cJSON *)json;
}

const struct json *json_get(const struct json *object, const char *key)
{
	if (!json_is_object(object))
		return NULL;
	return (const struct json *)cJSON_GetObjectItemCaseSensitive(of(object), key);
}

const struct json *json_path(const struct json *json, const char *path)
{
	char key[64];

	while (json != NULL && *path != '\0') {
		size_t n = strcspn(path, ".");

		if (n >= sizeof key)
			return NULL;
		memcpy(key, path, n);
		key[n] = '\0';
		json = json_get(json, key);
		path += n;
		if (*path == '.')
			path++;
	}
	return json;
}

bool json_is_object(const struct json *json)
{
	return cJSON_IsObject(of(json)) != 0;
}

bool json_is_array(const struct json *json)
{
	return cJSON_IsArray(of(json)) != 0;
}

bool json_is_string(const struct json *json)
{
	return cJSON_IsString(of(json)) != 0;
}

bool json_is_number(const struct json *json)
{
	return cJSON_IsNumber(of(json)) != 0;
}

bool json_is_null(const struct json *json)
{
	return cJSON_IsNull(of(json)) != 0;
}

const char *json_string(const struct json *json)
{
	return json_is_string(json) ? of(json)->valuestring : NULL;
}

bool json_number(const struct json *json, double *out)
{
	if (!json_is_number(json))
		return false;
	*out = of(json)->valuedouble;
	return true;
}

bool json_int(const struct json *json, int64_t *out)
{
	double value;

	if (!json_number(json, &value) || value != trunc(value) || fabs(value) >= 9007199254740992.0)
		return false;
	*out = (int64_t)value;
	return true;
}

bool json_bool(const struct json *json, bool *out)
{
	if (cJSON_IsBool(of(json)) == 0)
		return false;
	*out = cJSON_IsTrue(of(json)) != 0;
	return true;
}

size_t json_size(const struct json *json)
{
	size_t n = 0;

	for (const struct json *child = json_first(json); child != NULL; child = json_next(child))
		n++;
	return n;
}

const struct json *json_first(const struct json *json)
{
	return json_is_object(json) || json_is_array(json) ? (const struct json *)of(json)->child : NULL;
}

const struct json *json_next(const struct json *child)
{
	return (const struct json *)of(child)->next;
}

const char *json_key(const struct json *member)
{
	return of(member)->string;
}

/* ---- Reading a large text element by element. */

/* At a '{': moves to the value of the key; false if it is not there (s->fault set if the text is no JSON). */
static bool enter_member(struct scan *s, const char *key, size_t key_len)
{
	const char *start;

	skip_space(s);
	if (!take(s, '{'))
		return fault(s, "object expected");
	skip_space(s);
	if (s->at < s->end && *s->at == '}')
		return false;
	do {
		skip_space(s);
		start = s->at;
		if (!scan_string(s))
			return false;
		if ((size_t)(s->at - start) == key_len + 2 && memcmp(start + 1, key, key_len) == 0) {
			skip_space(s);
			return take(s, ':') || fault(s, "\":\" expected");
		}
		skip_space(s);
		if (!take(s, ':') || !scan_value(s))
			return fault(s, "\":\" expected");
		skip_space(s);
	} while (take(s, ','));
	return false;
}

static int each_in_array(struct scan *s, int (*each)(void *, const char *, size_t, struct error *), void *arg, size_t *seen,
			 struct error *err)
{
	const char *element;

	s->at++;
	skip_space(s);
	if (take(s, ']'))
		return 0;
	do {
		skip_space(s);
		element = s->at;
		if (!scan_value(s))
			return scan_error(s, err);
		if (each(arg, element, (size_t)(s->at - element), err) != 0)
			return -1;
		(*seen)++;
		skip_space(s);
	} while (take(s, ','));
	if (!take(s, ']')) {
		fault(s, "\",\" or \"]\" expected");
		return scan_error(s, err);
	}
	return 0;
}

/* To the array at a path, its bracket not taken. */
static int enter_array(struct scan *s, const char *path, struct error *err)
{
	for (const char *at = path; *at != '\0';) {
		size_t n = strcspn(at, ".");

		if (!enter_member(s, at, n)) {
			if (s->fault != NULL)
				return scan_error(s, err);
			return error_code(err, ERR_SYNTAX, "JSON: no array at %s", path);
		}
		at += n;
		if (*at == '.')
			at++;
	}
	skip_space(s);
	return s->at < s->end && *s->at == '[' ? 0 : error_code(err, ERR_SYNTAX, "JSON: no array at %s", path);
}

int json_each_element(const char *bytes, size_t len, const char *path,
		      int (*each)(void *arg, const char *element, size_t element_len, struct error *err), void *arg, size_t *seen,
		      struct error *err)
{
	struct scan s = { .start = bytes, .at = bytes, .end = bytes + len };
	size_t count = 0;
	int rc;

	if (enter_array(&s, path, err) < 0)
		return -1;
	rc = each_in_array(&s, each, arg, &count, err);
	if (seen != NULL)
		*seen = count;
	return rc;
}

static int each_in_object(struct scan *s, int (*each)(void *, const char *, size_t, const char *, size_t, struct error *), void *arg,
			  struct error *err)
{
	const char *key, *value;
	size_t key_len;

	if (take(s, '}'))
		return 0;
	do {
		skip_space(s);
		key = s->at;
		if (!scan_string(s))
			return scan_error(s, err);
		key_len = (size_t)(s->at - key) - 2;
		skip_space(s);
		if (!take(s, ':'))
			return scan_error(s, err);
		skip_space(s);
		value = s->at;
		if (!scan_value(s))
			return scan_error(s, err);
		if (each(arg, key + 1, key_len, value, (size_t)(s->at - value), err) != 0)
			return -1;
		skip_space(s);
	} while (take(s, ','));
	return take(s, '}') ? 0 : scan_error(s, err);
}

int json_each_member(const char *bytes, size_t len,
		     int (*each)(void *arg, const char *key, size_t key_len, const char *value, size_t value_len, struct error *err),
		     void *arg, struct error *err)
{
	struct scan s = { .start = bytes, .at = bytes, .end = bytes + len };

	skip_space(&s);
	if (!take(&s, '{'))
		return error_code(err, ERR_SYNTAX, "JSON: no object");
	skip_space(&s);
	return each_in_object(&s, each, arg, err);
}

static int one_record(struct scan *s, const struct json_record *record, void *arg, struct error *err)
{
	bool object;

	skip_space(s);
	object = take(s, '{');
	if (object)
		skip_space(s);
	if (object ? each_in_object(s, record->member, arg, err) < 0 : !scan_value(s))
		return object ? -1 : scan_error(s, err);
	return record->end(arg, object, err);
}

int json_each_record(const char *bytes, size_t len, const char *path, const struct json_record *record, void *arg, struct error *err)
{
	struct scan s = { .start = bytes, .at = bytes, .end = bytes + len };

	if (enter_array(&s, path, err) < 0)
		return -1;
	s.at++;
	skip_space(&s);
	if (take(&s, ']'))
		return 0;
	do {
		if (one_record(&s, record, arg, err) < 0)
			return -1;
		skip_space(&s);
	} while (take(&s, ','));
	if (take(&s, ']'))
		return 0;
	fault(&s, "\",\" or \"]\" expected");
	return scan_error(&s, err);
}

bool json_read_decimal(const char *text, size_t len, double *out)
{
	static const double powers[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
	int64_t digits = 0;
	size_t point = len;

	if (len == 0 || len > 16)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.' && point == len && i > 0 && i + 1 < len)
			point = i;
		else if (text[i] >= '0' && text[i] <= '9')
			digits = digits * 10 + (text[i] - '0');
		else
			return false;
	}
	if (len - (point < len) > 15)
		return false;
	*out = point == len ? (double)digits : (double)digits / powers[len - point - 1];
	return true;
}

/* [number,"text"] from s->at on; false and s anywhere if it is not that. */
static bool scan_pair(struct scan *s, struct json_pair *out)
{
	const char *start, *end;

	if (!take(s, '['))
		return false;
	skip_space(s);
	start = s->at;
	if (!scan_number(s))
		return false;
	end = s->at;
	/* The comma stops strtod(): a number never ends the bytes. */
	skip_space(s);
	if (!take(s, ','))
		return false;
	if (!json_read_decimal(start, (size_t)(end - start), &out->number))
		out->number = strtod(start, NULL);
	skip_space(s);
	start = s->at;
	if (!scan_string(s))
		return false;
	out->text = start + 1;
	out->text_len = (size_t)(s->at - start) - 2;
	skip_space(s);
	return memchr(out->text, '\\', out->text_len) == NULL && take(s, ']');
}

bool json_read_pair(const char *bytes, size_t len, struct json_pair *out)
{
	struct scan s = { .start = bytes, .at = bytes, .end = bytes + len };

	return scan_pair(&s, out) && s.at == s.end;
}

int json_each_pair(const char *bytes, size_t len, int (*each)(void *arg, const struct json_pair *pair, struct error *err), void *arg,
		   struct error *err)
{
	struct scan s = { .start = bytes, .at = bytes, .end = bytes + len };
	struct json_pair pair;

	skip_space(&s);
	if (!take(&s, '['))
		return error_code(err, ERR_SYNTAX, "JSON: no array");
	skip_space(&s);
	if (take(&s, ']'))
		return 0;
	do {
		struct scan before;
		bool is_pair;

		skip_space(&s);
		before = s;
		is_pair = scan_pair(&s, &pair);
		if (!is_pair) {
			s = before;
			if (!scan_value(&s))
				return scan_error(&s, err);
		}
		if (each(arg, is_pair ? &pair : NULL, err) != 0)
			return -1;
		skip_space(&s);
	} while (take(&s, ','));
	return take(&s, ']') ? 0 : scan_error(&s, err);
}

/* ---- Projections. */

static void remove_path(cJSON *json, const char *path)
{
	size_t n = strcspn(path, ".");
	bool last = path[n] == '\0';
	char key[128];
	cJSON *child, *next;

	if (json == NULL || n >= sizeof key)
		return;
	memcpy(key, path, n);
	key[n] = '\0';
	if (strcmp(key, "*") == 0) {
		for (child = json->child; child != NULL; child = next) {
			next = child->next;
			if (last)
				cJSON_Delete(cJSON_DetachItemViaPointer(json, child));
			else
				remove_path(child, path + n + 1);
		}
		return;
	}
	if (!cJSON_IsObject(json))
		return;
	if (last)
		cJSON_DeleteItemFromObjectCaseSensitive(json, key);
	else
		remove_path(cJSON_GetObjectItemCaseSensitive(json, key), path + n + 1);
}

int json_without(struct buf *out, const char *bytes, size_t len, const char *const *paths, size_t n, struct error *err)
{
	struct json *json = json_parse(bytes, len, err);
	char *text;

	if (json == NULL)
		return -1;
	for (size_t i = 0; i < n; i++)
		remove_path((cJSON *)json, paths[i]);
	text = cJSON_PrintUnformatted((cJSON *)json);
	json_free(json);
	if (text == NULL)
		return error_nomem(err);
	buf_puts(out, text);
	cJSON_free(text);
	return buf_check(out, "JSON", err);
}

/* ---- Writing. */

void json_writer_init(struct json_writer *w, struct buf *out, int indent)
{
	*w = (struct json_writer){ .out = out, .indent = indent };
}

static void put_escaped(struct buf *out, const char *text)
{
	const char *at = text, *end = text + strlen(text);

	buf_putc(out, '"');
	while (at < end) {
		uint32_t c = utf8_next(&at, end);

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", (char)c);
		else if (c == '\n')
			buf_puts(out, "\\n");
		else if (c == '\t')
			buf_puts(out, "\\t");
		else if (c < 0x20 || c == 0x7F || c == 0x2028 || c == 0x2029)
			buf_printf(out, "\\u%04x", c);
		else
			utf8_put(out, c);
	}
	buf_putc(out, '"');
}

static void new_line(struct json_writer *w)
{
	if (w->indent == 0)
		return;
	buf_putc(w->out, '\n');
	for (int i = 0; i < w->depth * w->indent; i++)
		buf_putc(w->out, ' ');
}

static void begin_value(struct json_writer *w, const char *key)
{
	if (w->comma)
		buf_putc(w->out, ',');
	if (w->depth > 0)
		new_line(w);
	w->comma = true;
	if (key != NULL) {
		put_escaped(w->out, key);
		buf_puts(w->out, w->indent > 0 ? ": " : ":");
	}
}

static void begin(struct json_writer *w, const char *key, char c)
{
	begin_value(w, key);
	buf_putc(w->out, c);
	w->depth++;
	w->comma = false;
}

static void end(struct json_writer *w, char c)
{
	bool empty = !w->comma;

	w->depth--;
	if (!empty)
		new_line(w);
	buf_putc(w->out, c);
	w->comma = true;
}

void json_begin_object(struct json_writer *w, const char *key)
{
	begin(w, key, '{');
}

void json_end_object(struct json_writer *w)
{
	end(w, '}');
}

void json_begin_array(struct json_writer *w, const char *key)
{
	begin(w, key, '[');
}

void json_end_array(struct json_writer *w)
{
	end(w, ']');
}

void json_put_string(struct json_writer *w, const char *key, const char *value)
{
	begin_value(w, key);
	if (value == NULL)
		buf_puts(w->out, "null");
	else
		put_escaped(w->out, value);
}

void json_put_number(struct json_writer *w, const char *key, double value)
{
	char text[40];

	begin_value(w, key);
	if (!isfinite(value)) {
		buf_puts(w->out, "null");
		return;
	}
	/* 20, not 2e+01: the same number, for people. */
	if (value == trunc(value) && fabs(value) < 1e15) {
		buf_printf(w->out, "%.0f", value == 0 ? 0 : value);
		return;
	}
	for (int digits = 1; digits <= 17; digits++) {
		(void)snprintf(text, sizeof text, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	buf_puts(w->out, text);
}

void json_put_int(struct json_writer *w, const char *key, int64_t value)
{
	begin_value(w, key);
	buf_printf(w->out, "%lld", (long long)value);
}

void json_put_bool(struct json_writer *w, const char *key, bool value)
{
	begin_value(w, key);
	buf_puts(w->out, value ? "true" : "false");
}

void json_put_null(struct json_writer *w, const char *key)
{
	begin_value(w, key);
	buf_puts(w->out, "null");
}

void json_put_instant(struct json_writer *w, const char *key, int64_t instant)
{
	char text[INSTANT_TEXT_MAX];

	json_put_string(w, key, instant == INSTANT_NONE ? NULL : instant_rfc3339_ms(text, instant));
}

const char *json_library(void)
{
	return cJSON_Version();
}
