/* One learner's log, judged. */
#ifndef GONOGO_REPORT_CLASS_ONE_H
#define GONOGO_REPORT_CLASS_ONE_H

#include "class.h"
#include "gonogo/assessment.h"

struct judged {
	struct arena *arena;
	struct session session;
	struct assessment assessment;
};

/* Verifies and opens the learner's log, picks the rollout and judges it. Free it also after a failure. */
int class_judge(struct judged *out, const struct cli *cli, const struct class *class, const struct learner *l, struct error *err);
void class_judged_free(struct judged *judged);

#endif
