/* PromQL's selectors: NAME{LABEL="v",LABEL!="v",LABEL=~"re",LABEL!~"re"}[RANGE]. */
#ifndef SELECTOR_H
#define SELECTOR_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct series;

/* More than any query here has: a query is one line of a human or of our collector. */
#define MATCHERS_MAX 32

enum match { MATCH_EQUAL, MATCH_NOT_EQUAL, MATCH_REGEX, MATCH_NOT_REGEX };

struct matcher {
	enum match match;
	char *name, *value;
	regex_t regex;	/* of the two regex kinds */
};

struct selector {
	struct matcher v[MATCHERS_MAX];
	size_t n;
	int64_t range;	/* ns; 0: an instant vector */
};

/* ERR_SYNTAX: no PromQL (Prometheus says bad_data); ERR_FAILED: PromQL perhaps, but no selector or a regular expression that POSIX has
 * not. Free it also after a failure. */
int selector_parse(struct selector *out, const char *text, struct error *err);
void selector_free(struct selector *selector);
bool selector_match(const struct selector *selector, const struct series *series);

#endif
