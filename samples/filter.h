/* Kubernetes' label and field selectors: "app=backend,tier!=cache,env in (a,b),!legacy" and "involvedObject.name=backend". */
#ifndef FILTER_H
#define FILTER_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* Both borrowed; NULL or "": everything. */
struct filter {
	const char *labels;
	const char *fields;
};

/* ERR_SYNTAX: a selector is not of its form. */
int filter_check(const struct filter *filter, struct error *err);

/* Whether an object's bytes match; false if they are no JSON. */
bool filter_match(const struct filter *filter, const char *bytes, size_t len);

#endif
