/* What the files of findings share. Each of them has its rules in a table and runs them all; docs/findings.md explains each. */
#ifndef GONOGO_JUDGE_FINDINGS_H
#define GONOGO_JUDGE_FINDINGS_H

#include <stdbool.h>

#include "gonogo/assessment.h"

struct assessing;
struct rollout;

/* As assess_add_finding(); -1 with a->err set: out of memory. */
int finding_add(struct assessing *a, const char *rule, enum severity severity, int rank, const char *text, const char *why,
		const char *remedy, const struct ids *ids);

/* Of the Canary in force at the start. */
int finding_spec_ids(const struct assessing *a, struct ids *out);

bool finding_on_traefik(const struct rollout *r);

int findings_rollout(struct assessing *a);
int findings_checks(struct assessing *a);
int findings_samples(struct assessing *a);
int findings_channels(struct assessing *a);

#endif
