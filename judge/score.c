/* A rubric applied to one package. */
#include "score.h"

#include <math.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/json.h"

/* A timeline of the largest package. */
#define EVENTS_MAX ((size_t)64 * 1024 * 1024)

bool score_has_test(const char *name)
{
	return score_test_find(name) != NULL;
}

bool score_has_stop(const char *name)
{
	return score_stop_find(name) != NULL;
}

const char *score_level_name(enum score_level level)
{
	static const char *const names[] = { "none", "part", "full", "open" };

	return names[level];
}

const char *score_level_text(const struct scored *scored)
{
	const struct rubric_criterion *c = scored->criterion;

	if (isnan(scored->points))
		return NULL;
	return scored->points >= c->points ? c->full : scored->points > 0 ? c->some : c->none;
}

static const char *ids_text(const struct scoring *s)
{
	const char *text = "";

	for (size_t i = 0; i < s->n_ids && text != NULL; i++)
		text = arena_printf(s->arena, "%s%s%s", text, i == 0 ? "" : ", ", s->ids[i]);
	return text != NULL && s->more ? arena_printf(s->arena, "%s, …", text) : text;
}

static int run(struct scoring *s, void (*test)(struct scoring *s), const char **text, const char **ids, struct error *err)
{
	test(s);
	*ids = ids_text(s);
	*text = s->text == NULL ? NULL : arena_strdup(s->arena, s->text);
	return *ids == NULL || *text == NULL ? error_nomem(err) : 0;
}

static double points_of(const struct rubric_criterion *c, enum score_level level)
{
	static const double none = 0;

	return level == SCORE_FULL ? c->points : level == SCORE_PART ? c->part : level == SCORE_NONE ? none : NAN;
}

/* A hand can write any record, and any number, into a file: who awards the points must be able to see that. */
static int say_unseen(struct scored *out, struct arena *arena, struct error *err)
{
	if (score_needs_records(out->criterion->test)) {
		out->level = SCORE_OPEN;
		out->evidence = "";
		out->text = "the log was not seen, and records in a package cannot be verified: hand in evidence.db and decisions.db";
	} else {
		out->text = arena_printf(arena, "%s (by a package: the log was not seen)", out->text);
	}
	return out->text == NULL ? error_nomem(err) : 0;
}

static int mark_one(struct scored *out, const struct json *evidence, bool log_seen, struct arena *arena, struct error *err)
{
	struct scoring s = { .evidence = evidence, .arena = arena };

	out->level = SCORE_OPEN;
	out->text = "for a person to grade";
	out->evidence = "";
	if (out->criterion->test != NULL) {
		if (run(&s, score_test_find(out->criterion->test), &out->text, &out->evidence, err) < 0)
			return -1;
		out->level = s.level;
		/* Nothing is awarded that nobody can look up. */
		if ((s.level == SCORE_FULL || s.level == SCORE_PART) && s.n_ids == 0)
			out->level = SCORE_OPEN;
		if (!log_seen && say_unseen(out, arena, err) < 0)
			return -1;
	}
	out->automatic = out->points = points_of(out->criterion, out->level);
	return 0;
}

/* Two collectors of one rollout share its id; a grade is for the log that the grader looked at. */
static bool is_for(const struct record *g, const struct scorecard *card, const struct rubric_criterion *c)
{
	return g->kind == RECORD_GRADE && strcmp(g->rollout, card->rollout) == 0 && strcmp(g->events, card->events) == 0 &&
	       strcmp(g->criterion, c->id) == 0;
}

static int apply_grades(struct scored *out, const struct scorecard *card, const struct records *grades, struct error *err)
{
	for (size_t i = 0; grades != NULL && i < grades->n; i++) {
		const struct record *g = &grades->v[i];

		if (!is_for(g, card, out->criterion))
			continue;
		if (!(g->points >= 0 && g->points <= out->criterion->points))
			return error_code(err, ERR_USAGE, "record D-%03lld: %.10g points for %s, which has %.10g at most",
					  (long long)(g->id & EVIDENCE_SEQ_MASK), g->points, g->criterion, out->criterion->points);
		out->override = g;
		out->points = g->points;
	}
	return 0;
}

static int mark_stops(struct scorecard *out, const struct json *evidence, struct arena *arena, struct error *err)
{
	for (size_t i = 0; i < out->rubric->n_stops; i++) {
		struct scoring s = { .evidence = evidence, .arena = arena };
		struct scored_stop *stop = &out->stops[i];

		stop->stop = &out->rubric->stops[i];
		if (run(&s, score_stop_find(stop->stop->test), &stop->text, &stop->evidence, err) < 0)
			return -1;
		stop->hit = s.level == SCORE_FULL;
		out->n_hits += stop->hit;
	}
	return 0;
}

static void sum_up(struct scorecard *out)
{
	for (size_t i = 0; i < out->rubric->n; i++) {
		const struct scored *s = &out->v[i];

		out->n_hidden += s->criterion->visibility != MARK_VISIBLE;
		if (isnan(s->points)) {
			out->n_open++;
			continue;
		}
		out->earned += s->points;
		out->earned_max += s->criterion->points;
	}
	out->graded = out->n_open == 0;
	out->points = out->earned;
	for (size_t i = 0; i < out->rubric->n_stops; i++)
		if (out->stops[i].hit && out->stops[i].stop->cap < out->points)
			out->points = out->stops[i].stop->cap;
}

static const char *copy_at(const struct json *json, const char *path, struct arena *arena)
{
	const char *text = json_string(json_path(json, path));

	return text == NULL ? "" : arena_strdup(arena, text);
}

/* Whose evidence it is: ids and times of the events that no criterion and no person has a part in. Another collector's rows have others;
 * a digest that a package claims for itself, a hand can change or leave out. */
static int digest_events(struct scorecard *out, const struct json *evidence, struct error *err)
{
	uint8_t digest[DIGEST_SIZE];
	struct buf text;
	int rc = -1;

	buf_init(&text, EVENTS_MAX);
	for (const struct json *r = json_first(json_get(evidence, "timeline")); r != NULL; r = json_next(r)) {
		const char *source = json_string(json_get(r, "source")), *at = json_string(json_get(r, "at"));

		if (source == NULL || at == NULL || (strcmp(source, "Flagger") != 0 && strcmp(source, "Kubernetes") != 0))
			continue;
		buf_printf(&text, "%s %s", source, at);
		for (const struct json *id = json_first(json_get(r, "evidence")); id != NULL; id = json_next(id))
			buf_printf(&text, " %s", json_string(id) == NULL ? "" : json_string(id));
		buf_putc(&text, '\n');
	}
	/* Without an event only the package's digest tells logs apart. */
	if (text.len == 0)
		buf_puts(&text, out->package);
	if (buf_check(&text, "timeline", err) == 0 && digest_bytes(digest, text.data == NULL ? "" : text.data, text.len, err) == 0) {
		(void)digest_hex(out->events, digest);
		rc = 0;
	}
	buf_free(&text);
	return rc;
}

int score_make(struct scorecard *out, const struct rubric *rubric, const struct json *evidence, bool log_seen, const struct records *grades,
	       struct arena *arena, struct error *err)
{
	const char *schema = json_string(json_get(evidence, "schema")), *rollout = json_string(json_path(evidence, "rollout.id"));

	*out = (struct scorecard){ .rubric = rubric, .log_seen = log_seen };
	if (schema == NULL || strcmp(schema, "gonogo/evidence/v1") != 0 || rollout == NULL)
		return error_code(err, ERR_SYNTAX, "is no evidence.json of gonogo/evidence/v1");
	out->rollout = arena_strdup(arena, rollout);
	out->evaluated_at = copy_at(evidence, "evaluated_at", arena);
	out->package = copy_at(evidence, "sign_off.package_sha256", arena);
	out->v = arena_alloc(arena, rubric->n * sizeof *out->v);
	out->stops = arena_alloc(arena, rubric->n_stops * sizeof *out->stops);
	if (out->rollout == NULL || out->evaluated_at == NULL || out->package == NULL || out->v == NULL || out->stops == NULL)
		return error_nomem(err);
	if (digest_events(out, evidence, err) < 0)
		return -1;
	for (size_t i = 0; i < rubric->n; i++) {
		out->v[i].criterion = &rubric->v[i];
		if (mark_one(&out->v[i], evidence, log_seen, arena, err) < 0 || apply_grades(&out->v[i], out, grades, err) < 0)
			return -1;
	}
	if (mark_stops(out, evidence, arena, err) < 0)
		return -1;
	sum_up(out);
	return 0;
}

bool score_shows_total(const struct scorecard *card)
{
	return card->n_hidden == 0;
}

/* ---- As JSON. */

static void put_override(struct json_writer *w, const struct record *g)
{
	struct buf id;

	if (g == NULL) {
		json_put_null(w, "override");
		return;
	}
	buf_init(&id, 64);
	evidence_id_print(&id, g->id);
	json_begin_object(w, "override");
	json_put_string(w, "id", id.data);
	json_put_string(w, "by", g->by);
	json_put_instant(w, "at", g->at);
	json_put_string(w, "reason", g->text);
	json_end_object(w);
	buf_free(&id);
}

static void put_one(struct json_writer *w, const struct scored *s, bool learner)
{
	static const char *const words[] = { "visible", "after_due_date", "after_published", "hidden" };
	bool shown = !learner || s->criterion->visibility == MARK_VISIBLE;

	json_begin_object(w, NULL);
	json_put_string(w, "id", s->criterion->id);
	json_put_string(w, "title", s->criterion->title);
	json_put_number(w, "max", s->criterion->points);
	json_put_string(w, "visibility", words[s->criterion->visibility]);
	json_put_bool(w, "shown", shown);
	json_put_string(w, "hint", s->criterion->hint);
	if (shown) {
		json_put_string(w, "test", s->criterion->test == NULL ? "human" : s->criterion->test);
		json_put_string(w, "level", score_level_name(s->level));
		json_put_number(w, "automatic", s->automatic);
		json_put_number(w, "points", s->points);
		json_put_string(w, "text", s->text);
		json_put_string(w, "evidence", s->evidence);
		put_override(w, s->override);
	}
	json_end_object(w);
}

static void put_total(struct json_writer *w, const struct scorecard *card)
{
	json_put_bool(w, "graded", card->graded);
	json_put_int(w, "open", (int64_t)card->n_open);
	json_put_number(w, "earned", card->earned);
	json_put_number(w, "earned_max", card->earned_max);
	json_put_number(w, "points", card->graded ? card->points : NAN);
}

void score_put(struct json_writer *w, const char *key, const struct scorecard *card, bool learner)
{
	char hex[DIGEST_HEX_SIZE];

	json_begin_object(w, key);
	json_put_string(w, "title", card->rubric->title);
	json_put_string(w, "rubric", card->rubric->source);
	json_put_string(w, "rubric_sha256", digest_hex(hex, card->rubric->sha256));
	json_put_number(w, "max", card->rubric->max);
	if (!learner || score_shows_total(card))
		put_total(w, card);
	json_begin_array(w, "criteria");
	for (size_t i = 0; i < card->rubric->n; i++)
		put_one(w, &card->v[i], learner);
	json_end_array(w);
	json_begin_array(w, "hard_stops");
	for (size_t i = 0; i < card->rubric->n_stops; i++) {
		const struct scored_stop *s = &card->stops[i];

		json_begin_object(w, NULL);
		json_put_string(w, "id", s->stop->id);
		json_put_string(w, "title", s->stop->title);
		json_put_bool(w, "hit", s->hit);
		json_put_number(w, "cap", s->stop->cap);
		json_put_string(w, "text", s->text);
		json_put_string(w, "evidence", s->evidence);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
}
