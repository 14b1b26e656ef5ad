/* RE2's regular expressions, as Prometheus takes them, in terms of POSIX extended ones. */
#ifndef RE2_H
#define RE2_H

#include <regex.h>

struct error;

/* Compiles "^(?:PATTERN)$". ERR_FAILED names what POSIX has not. regfree it only after success. */
int regex_compile(regex_t *out, const char *pattern, struct error *err);

#endif
