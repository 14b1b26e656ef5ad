/* What the evidence shows that someone should know or mend: one small rule each, none without evidence (facts/course.md, flagger.md 9). */
#include "findings.h"

#include <stdlib.h>
#include <string.h>

#include "assess.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"

struct finding *assess_add_finding(struct assessing *a, const char *rule, enum severity severity, int rank, const char *text,
				   const char *why, const char *remedy, const struct ids *ids)
{
	struct assessment *out = a->out;
	struct finding *grown, *f;

	if (text == NULL || why == NULL || remedy == NULL)
		return NULL;
	grown = arena_grow(a->arena, out->findings, out->n_findings, &a->cap_findings, sizeof *grown);
	if (grown == NULL)
		return NULL;
	out->findings = grown;
	f = &grown[out->n_findings++];
	*f = (struct finding){ .rule = rule, .severity = severity, .rank = rank, .text = text, .why = why, .remedy = remedy };
	f->read_on = arena_printf(a->arena, "docs/findings.md#%s", rule);
	if (f->read_on == NULL)
		return NULL;
	if (ids != NULL && ids_add_all(&f->ids, ids, a->arena) < 0)
		return NULL;
	return f;
}

/* A finding or an error: rules return 0 or -1. */
int finding_add(struct assessing *a, const char *rule, enum severity severity, int rank, const char *text, const char *why,
		const char *remedy, const struct ids *ids)
{
	return assess_add_finding(a, rule, severity, rank, text, why, remedy, ids) == NULL ? error_nomem(a->err) : 0;
}

int finding_spec_ids(const struct assessing *a, struct ids *out)
{
	*out = (struct ids){ 0 };
	return ids_add(out, a->r->spec_id, a->arena) < 0 ? error_nomem(a->err) : 0;
}

bool finding_on_traefik(const struct rollout *r)
{
	return *r->spec.provider == '\0' || strcmp(r->spec.provider, "traefik") == 0;
}

static int compare_findings(const void *x, const void *y)
{
	const struct finding *a = x, *b = y;

	if (a->severity != b->severity)
		return a->severity < b->severity ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return strcmp(a->text, b->text);
}

int assess_findings(struct assessing *a)
{
	if (findings_rollout(a) < 0 || findings_checks(a) < 0 || findings_samples(a) < 0 || findings_channels(a) < 0)
		return -1;
	if (a->out->n_findings > 1)
		qsort(a->out->findings, a->out->n_findings, sizeof *a->out->findings, compare_findings);
	for (size_t i = 0; i < a->out->n_findings; i++) {
		a->out->findings[i].id = arena_printf(a->arena, "F-%02zu", i + 1);
		if (a->out->findings[i].id == NULL)
			return error_nomem(a->err);
	}
	return 0;
}
