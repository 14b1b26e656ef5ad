/* Every learner's mark. One learner's broken file is that learner's reason, nobody else's. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "class.h"
#include "decisions.h"
#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/doc.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/store.h"
#include "class-one.h"
#include "scoring.h"

/* evidence.json of the largest package. */
#define PACKAGE_FILE_MAX ((size_t)256 * 1024 * 1024)

/* ---- From a log. */

/* A log that does not verify is no evidence. */
static int check_log(const char *path, struct error *err)
{
	struct store_summary summary;
	struct store *store = NULL;
	int rc = -1;

	if (store_open(&store, path, STORE_READ_STILL, NULL, err) == 0)
		rc = store_verify(store, &summary, err);
	if (rc == 0 && summary.rows == 0)
		rc = error_code(err, ERR_NOT_FOUND, "the log is empty");
	store_close(store);
	return rc;
}

static int check_records(const char *path, struct error *err)
{
	return path == NULL || access(path, F_OK) != 0 ? 0 : decisions_verify(path, true, err);
}

static bool is_canary(const struct rollout *r, const char *name)
{
	size_t len = strlen(r->namespace_);

	return strncmp(name, r->namespace_, len) == 0 && name[len] == '/' && strcmp(name + len + 1, r->canary) == 0;
}

static int pick(const struct rollout **out, const struct session *s, const char *canary, struct error *err)
{
	const struct rollout *first = s->rollouts.n == 0 ? NULL : &s->rollouts.v[0];

	*out = NULL;
	if (first == NULL)
		return error_code(err, ERR_NOT_FOUND, "the log holds no rollout");
	for (size_t i = 0; i < s->rollouts.n; i++) {
		const struct rollout *r = &s->rollouts.v[i];

		if (canary == NULL && (strcmp(r->canary, first->canary) != 0 || strcmp(r->namespace_, first->namespace_) != 0))
			return error_code(err, ERR_NOT_FOUND,
					  "the log holds rollouts of %.100s/%.100s and %.100s/%.100s: name one with --canary",
					  first->namespace_, first->canary, r->namespace_, r->canary);
		if (canary == NULL || is_canary(r, canary))
			*out = r;
	}
	if (*out == NULL)
		return error_code(err, ERR_NOT_FOUND, "the log holds no rollout of %.200s, only of %.100s/%.100s", canary,
				  first->namespace_, first->canary);
	return 0;
}

int class_judge(struct judged *out, const struct cli *cli, const struct class *class, const struct learner *l, struct error *err)
{
	struct cli own = *cli;
	const struct rollout *r;

	own.dbs[0] = l->path;
	own.n_dbs = 1;
	own.decisions = l->decisions;
	/* That there are no records is no error here. */
	own.recording = true;
	own.still = true;
	*out = (struct judged){ .arena = session_arena() };
	if (out->arena == NULL)
		return error_nomem(err);
	if (check_log(l->path, err) < 0 || check_records(l->decisions, err) < 0 || session_open(&out->session, &own, err) < 0 ||
	    pick(&r, &out->session, class->options->canary, err) < 0 ||
	    session_assess(&out->session, &own, r, &out->assessment, out->arena, err) < 0)
		return -1;
	return decisions_rule(&out->session, &out->assessment, INSTANT_NONE, out->arena, err);
}

void class_judged_free(struct judged *judged)
{
	session_close(&judged->session);
	arena_free(judged->arena);
}

static int score_log(struct learner *l, const struct cli *cli, const struct class *class, struct error *err)
{
	struct judged judged;
	int rc = class_judge(&judged, cli, class, l, err);

	if (rc == 0)
		rc = scoring_assessment(&l->card, &class->rubric, &judged.assessment, &class->grades, class->arena, err);
	class_judged_free(&judged);
	return rc;
}

/* ---- From a package, whose log nobody has seen. */

static int check_canary(const char *bytes, size_t len, const char *canary, struct error *err)
{
	struct json *json = json_parse(bytes, len, err);
	const char *namespace_ = json_string(json_path(json, "rollout.namespace"));
	const char *name = json_string(json_path(json, "rollout.canary"));
	int rc = json == NULL ? -1 : 0;

	if (rc == 0 && canary != NULL && namespace_ != NULL && name != NULL &&
	    !is_canary(&(struct rollout){ .namespace_ = namespace_, .canary = name }, canary))
		rc = error_code(err, ERR_NOT_FOUND, "the package is no rollout of %.200s, but of %.100s/%.100s", canary, namespace_, name);
	json_free(json);
	return rc;
}

static int score_package(struct learner *l, const struct class *class, struct error *err)
{
	char *bytes = NULL;
	size_t len = 0;
	int rc;

	if (cli_read_file(&bytes, &len, l->path, PACKAGE_FILE_MAX, err) < 0)
		return -1;
	rc = check_canary(bytes, len, class->options->canary, err);
	if (rc == 0)
		rc = scoring_bytes(&l->card, &class->rubric, bytes, len, false, &class->grades, class->arena, err);
	free(bytes);
	return rc;
}

/* ---- Marks. */

/* By the events, whatever the criteria and whatever digest a package claims; by that too. */
static bool same_evidence(const struct scorecard *a, const struct scorecard *b)
{
	return strcmp(a->events, b->events) == 0 || (*a->package != '\0' && strcmp(a->package, b->package) == 0);
}

/* Whoever copied from whom: both are for a person to look at. */
static int find_copies(struct class *class, struct error *err)
{
	for (size_t i = 0; i < class->n; i++)
		for (size_t k = 0; k < class->n; k++) {
			struct learner *a = &class->v[i];
			const struct learner *b = &class->v[k];

			if (i == k || a->reason != NULL || b->card.rollout == NULL || !same_evidence(&a->card, &b->card))
				continue;
			a->reason = arena_printf(class->arena,
						 "the same evidence as %s handed in (events sha256 %.12s…): a person must look", b->login,
						 a->card.events);
			a->told = "the same evidence was handed in more than once: a person must look";
			if (a->reason == NULL)
				return error_nomem(err);
		}
	return 0;
}

static int fill_mark(struct learner *l, const struct class *class, struct error *err)
{
	const struct rubric *rubric = &class->rubric;
	struct criterion_mark *criteria = arena_alloc(class->arena, rubric->n * sizeof *criteria);
	bool scored = l->reason == NULL;

	if (criteria == NULL)
		return error_nomem(err);
	for (size_t i = 0; i < rubric->n; i++) {
		const struct scored *s = scored ? &l->card.v[i] : NULL;
		bool graded = scored && !isnan(s->points);

		criteria[i] = (struct criterion_mark){ .name = rubric->v[i].title,
						       .graded = graded,
						       .points = graded ? s->points : 0,
						       .max = rubric->v[i].points,
						       .text = scored ? s->text : l->told,
						       .evidence = scored ? s->evidence : "",
						       .visibility = rubric->v[i].visibility };
	}
	l->mark = (struct learner_mark){ .login = l->login,
					 .first_name = l->first_name,
					 .last_name = l->last_name,
					 .email = l->email,
					 .graded = scored && l->card.graded,
					 .points = scored && l->card.graded ? l->card.points : 0,
					 .max = rubric->max,
					 .remark = !scored            ? l->told
						   : l->card.log_seen ? NULL
								      : "from a package: its log was not seen",
					 .criteria = criteria,
					 .n_criteria = rubric->n };
	return 0;
}

int class_mark(const struct cli *cli, struct class *class, struct error *err)
{
	struct error own;

	for (size_t i = 0; i < class->n; i++) {
		struct learner *l = &class->v[i];

		if (l->reason != NULL)
			continue;
		if ((l->kind == HANDED_LOG ? score_log(l, cli, class, &own) : score_package(l, class, &own)) < 0) {
			l->card.rollout = NULL;
			l->reason = arena_strdup(class->arena, own.text);
			if (l->reason == NULL)
				return error_nomem(err);
		}
	}
	if (find_copies(class, err) < 0)
		return -1;
	for (size_t i = 0; i < class->n; i++) {
		if (class->v[i].told == NULL)
			class->v[i].told = class->v[i].reason;
		if (fill_mark(&class->v[i], class, err) < 0)
			return -1;
	}
	return 0;
}
