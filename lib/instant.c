#include "gonogo/instant.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gonogo/error.h"

#define NS_PER_DAY (INT64_C(86400) * NS_PER_S)

struct civil {
	int year, month, day, hour, minute, second;
	int64_t ns;
};

/* Days since 1970-01-01 in the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t days_from_civil(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

static struct civil civil_from(int64_t instant)
{
	int64_t days = instant / NS_PER_DAY, rest = instant % NS_PER_DAY;
	int64_t z, era, doe, yoe, doy, mp;
	struct civil c;

	if (rest < 0) {
		rest += NS_PER_DAY;
		days--;
	}
	z = days + 719468;
	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = z - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	c.day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c.year = (int)(yoe + era * 400 + (c.month <= 2 ? 1 : 0));
	c.hour = (int)(rest / (3600 * NS_PER_S));
	c.minute = (int)(rest / (60 * NS_PER_S) % 60);
	c.second = (int)(rest / NS_PER_S % 60);
	c.ns = rest % NS_PER_S;
	return c;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads exactly n digits; -1 if there are fewer. */
static int digits(const char **at, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		if (!is_digit((*at)[i]))
			return -1;
		value = value * 10 + ((*at)[i] - '0');
	}
	*at += n;
	return value;
}

static bool literal(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

static int64_t fraction(const char **at)
{
	int64_t value = 0, scale = NS_PER_S;

	while (is_digit(**at)) {
		if (scale > 1) {
			scale /= 10;
			value += (**at - '0') * scale;
		}
		(*at)++;
	}
	return value;
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool in_range(const struct civil *c)
{
	return c->year >= 1678 && c->year <= 2261 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
	       c->day <= days_in_month(c->year, c->month) && c->hour >= 0 && c->hour <= 23 && c->minute >= 0 && c->minute <= 59 &&
	       c->second >= 0 && c->second <= 60;
}

/* "Z" or "+hh:mm", in minutes; false if neither. */
static bool offset(const char **at, int *minutes)
{
	int sign, h, m;

	*minutes = 0;
	if (literal(at, 'Z') || literal(at, 'z'))
		return true;
	sign = **at == '-' ? -1 : 1;
	if (!literal(at, '+') && !literal(at, '-'))
		return false;
	h = digits(at, 2);
	if (h < 0 || h > 23 || !literal(at, ':'))
		return false;
	m = digits(at, 2);
	if (m < 0 || m > 59)
		return false;
	*minutes = sign * (h * 60 + m);
	return true;
}

static bool date_and_clock(const char **at, struct civil *c)
{
	c->year = digits(at, 4);
	if (c->year < 0 || !literal(at, '-'))
		return false;
	c->month = digits(at, 2);
	if (c->month < 0 || !literal(at, '-'))
		return false;
	c->day = digits(at, 2);
	if (c->day < 0 || !(literal(at, 'T') || literal(at, 't') || literal(at, ' ')))
		return false;
	c->hour = digits(at, 2);
	if (c->hour < 0 || !literal(at, ':'))
		return false;
	c->minute = digits(at, 2);
	if (c->minute < 0 || !literal(at, ':'))
		return false;
	c->second = digits(at, 2);
	c->ns = literal(at, '.') ? fraction(at) : 0;
	return c->second >= 0;
}

int instant_parse(int64_t *out, const char *text, struct error *err)
{
	struct civil c;
	const char *at = text;
	int minutes;

	if (!date_and_clock(&at, &c) || !offset(&at, &minutes) || *at != '\0' || !in_range(&c))
		return error_code(err, ERR_SYNTAX, "\"%.40s\" is not a time such as 2025-06-12T14:00:04Z", text);
	*out = (days_from_civil(c.year, c.month, c.day) * 86400 + c.hour * 3600 + (c.minute - minutes) * 60 + c.second) * NS_PER_S + c.ns;
	return 0;
}

char *instant_rfc3339_ms(char text[static INSTANT_TEXT_MAX], int64_t instant)
{
	struct civil c = civil_from(instant);

	(void)snprintf(text, INSTANT_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year, c.month, c.day, c.hour, c.minute, c.second,
		       (int)(c.ns / NS_PER_MS));
	return text;
}

char *instant_rfc3339(char text[static INSTANT_TEXT_MAX], int64_t instant)
{
	struct civil c = civil_from(instant);

	(void)snprintf(text, INSTANT_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day, c.hour, c.minute, c.second);
	return text;
}

char *instant_long(char text[static INSTANT_TEXT_MAX], int64_t instant)
{
	struct civil c = civil_from(instant);

	(void)snprintf(text, INSTANT_TEXT_MAX, "%04d-%02d-%02d %02d:%02d:%02d UTC", c.year, c.month, c.day, c.hour, c.minute, c.second);
	return text;
}

char *instant_clock(char text[static INSTANT_TEXT_MAX], int64_t instant)
{
	struct civil c = civil_from(instant);

	(void)snprintf(text, INSTANT_TEXT_MAX, "%02d:%02d:%02d", c.hour, c.minute, c.second);
	return text;
}

char *instant_compact(char text[static INSTANT_TEXT_MAX], int64_t instant)
{
	struct civil c = civil_from(instant);

	(void)snprintf(text, INSTANT_TEXT_MAX, "%04d%02d%02dT%02d%02d%02dZ", c.year, c.month, c.day, c.hour, c.minute, c.second);
	return text;
}

/* The unit at *at in nanoseconds; 0 if there is none. */
static int64_t unit(const char **at)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
		{ "ns", 1 },         { "us", 1000 },    { "µs", 1000 },         { "μs", 1000 },
		{ "ms", NS_PER_MS }, { "s", NS_PER_S }, { "m", 60 * NS_PER_S }, { "h", 3600 * NS_PER_S },
	};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		size_t len = strlen(units[i].name);

		if (strncmp(*at, units[i].name, len) == 0) {
			*at += len;
			return units[i].ns;
		}
	}
	return 0;
}

/* One "NUMBER UNIT" of a duration, added to *total; false if it is none or the sum would pass int64. */
static bool duration_part(const char **at, int64_t *total)
{
	int64_t whole = 0, part = 0, ns;
	const char *start = *at;

	while (is_digit(**at)) {
		if (whole > INT64_MAX / 100)
			return false;
		whole = whole * 10 + (*(*at)++ - '0');
	}
	if (**at == '.') {
		(*at)++;
		part = fraction(at);
	}
	if (*at == start || (*at == start + 1 && *start == '.'))
		return false;
	ns = unit(at);
	if (ns == 0 || whole > (INT64_MAX / 2 - *total) / ns)
		return false;
	*total += whole * ns + (int64_t)((double)part / (double)NS_PER_S * (double)ns + 0.5);
	return true;
}

int duration_parse(int64_t *out, const char *text, struct error *err)
{
	const char *at = text;
	int64_t total = 0;

	if (strcmp(text, "0") == 0) {
		*out = 0;
		return 0;
	}
	if (*at == '\0')
		return error_code(err, ERR_SYNTAX, "\"\" is not a duration such as 30s or 5m");
	while (*at != '\0')
		if (!duration_part(&at, &total))
			return error_code(err, ERR_SYNTAX, "\"%.40s\" is not a duration such as 30s or 5m", text);
	*out = total;
	return 0;
}

#define NBSP "\xC2\xA0"

char *duration_words(char text[static INSTANT_TEXT_MAX], int64_t span)
{
	int64_t seconds = (span + NS_PER_S / 2) / NS_PER_S;
	int64_t ms = span / NS_PER_MS;

	if (span < 0)
		(void)snprintf(text, INSTANT_TEXT_MAX, "unknown");
	else if (ms < 10000 && ms % 1000 != 0)
		(void)snprintf(text, INSTANT_TEXT_MAX, "%.1f" NBSP "s", (double)ms / 1000);
	else if (seconds < 120 && seconds != 60)
		(void)snprintf(text, INSTANT_TEXT_MAX, "%" PRId64 NBSP "s", seconds);
	else if (seconds < 3600 && seconds % 60 == 0)
		(void)snprintf(text, INSTANT_TEXT_MAX, "%" PRId64 NBSP "min", seconds / 60);
	else if (seconds < 600 && seconds % 30 == 0)
		(void)snprintf(text, INSTANT_TEXT_MAX, "%.1f" NBSP "min", (double)seconds / 60);
	else if (seconds < 3600)
		(void)snprintf(text, INSTANT_TEXT_MAX, "%" PRId64 NBSP "min %" PRId64 NBSP "s", seconds / 60, seconds % 60);
	else if (seconds / 60 % 60 == 0)
		(void)snprintf(text, INSTANT_TEXT_MAX, "%" PRId64 NBSP "h", seconds / 3600);
	else
		(void)snprintf(text, INSTANT_TEXT_MAX, "%" PRId64 NBSP "h %" PRId64 NBSP "min", seconds / 3600, seconds / 60 % 60);
	return text;
}
