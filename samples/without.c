#include "without.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/error.h"
#include "gonogo/instant.h"

/* Two RFC 3339 times and a word. */
#define PART_MAX 128
/* Seconds from begin: a year either way. */
#define SECONDS_MAX 31536000.0

static bool read_seconds(double *out, const char *text)
{
	char *end;

	*out = strtod(text, &end);
	if (end == text || !(fabs(*out) <= SECONDS_MAX))
		return false;
	return *end == '\0' || strcmp(end, "s") == 0;
}

int moment_parse(int64_t *out, const char *text, int64_t begin, struct error *err)
{
	double seconds;

	if (read_seconds(&seconds, text)) {
		*out = begin + (int64_t)(seconds * (double)NS_PER_S);
		return 0;
	}
	if (instant_parse(out, text, NULL) == 0)
		return 0;
	return error_code(err, ERR_USAGE, "\"%.60s\": want RFC 3339, or seconds from the recording's begin (\"+30\")", text);
}

/* FROM-TO: both may hold hyphens, so the one between them is where both sides can be read. */
static bool read_span(struct without *out, char *text, int64_t begin)
{
	for (char *hyphen = strchr(text, '-'); hyphen != NULL; hyphen = strchr(hyphen + 1, '-')) {
		bool ok;

		*hyphen = '\0';
		ok = moment_parse(&out->from, text, begin, NULL) == 0 && moment_parse(&out->to, hyphen + 1, begin, NULL) == 0;
		*hyphen = '-';
		if (ok)
			return out->from <= out->to;
	}
	return false;
}

static bool read_part(struct without *out, char *part, int64_t begin)
{
	static const char span[] = "prometheus:";

	if (strcmp(part, "webhook") == 0) {
		out->webhook = true;
	} else if (strcmp(part, "events") == 0) {
		out->events = true;
	} else if (strcmp(part, "prometheus") == 0) {
		out->from = INT64_MIN;
		out->to = INT64_MAX;
	} else {
		return strncmp(part, span, sizeof span - 1) == 0 && read_span(out, part + sizeof span - 1, begin);
	}
	return true;
}

int without_parse(struct without *out, const char *text, int64_t begin, struct error *err)
{
	*out = (struct without){ .from = INT64_MAX, .to = INT64_MIN };
	while (text != NULL && *text != '\0') {
		size_t n = strcspn(text, ",");
		char part[PART_MAX];

		if (n < sizeof part) {
			memcpy(part, text, n);
			part[n] = '\0';
		}
		if (n >= sizeof part || !read_part(out, part, begin))
			return error_code(err, ERR_USAGE,
					  "without \"%.*s\": want webhook, events, prometheus or prometheus:FROM-TO with FROM before TO",
					  n < PART_MAX ? (int)n : PART_MAX, text);
		text += n + (text[n] == ',');
	}
	return 0;
}
