/* Two criteria files side by side over many rollouts. */
#ifndef GONOGO_REPORT_COMPARE_H
#define GONOGO_REPORT_COMPARE_H

#include "gonogo/cli.h"
#include "runs.h"

struct compare_options {
	struct runs_filter filter;	/* its verdict: by the first criteria */
	const char *against;		/* a file; NULL: the criteria in force at each start */
};

/* Judges every rollout that the filter lets through by --criteria and by `against`, and prints which change, and why. */
int compare_all(const struct cli *cli, const struct compare_options *options, struct session *s, struct error *err);

#endif
