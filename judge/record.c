/* Records as JSON, there and back. */
#include "gonogo/record.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/json.h"
#include "gonogo/rollout.h"
#include "gonogo/utf8.h"

#define SCHEMA "gonogo/record/v1"

static const char *const kind_names[RECORD_KINDS] = { "decision", "note", "action", "rehearsal", "approval", "grade" };
static const char *const state_names[] = { "open", "done", "dropped" };

#define D (1U << RECORD_DECISION)
#define N (1U << RECORD_NOTE)
#define A (1U << RECORD_ACTION)
#define R (1U << RECORD_REHEARSAL)
#define P (1U << RECORD_APPROVAL)
#define G (1U << RECORD_GRADE)
#define ALL (D | N | A | R | P | G)

enum field_type { NAME, TEXT, HEX, DATE, TIME, FLAG, NUMBER, COUNT, VERDICT, STATE };

static const struct field {
	const char *key;
	enum field_type type;
	size_t offset;
	unsigned kinds, required;
} fields[] = {
	{ "rollout", TEXT, offsetof(struct record, rollout), D | N | A | G, D | N | A | G },
	{ "canary", TEXT, offsetof(struct record, canary), R | P, R },
	{ "by", NAME, offsetof(struct record, by), ALL, ALL },
	{ "role", NAME, offsetof(struct record, role), ALL, D | P },
	{ "account", NAME, offsetof(struct record, account), ALL, 0 },
	{ "version", NAME, offsetof(struct record, version), ALL, 0 },
	{ "text", TEXT, offsetof(struct record, text), ALL, D | N | R | G },
	{ "decision", VERDICT, offsetof(struct record, decision), D, D },
	{ "computed", VERDICT, offsetof(struct record, computed), D, D },
	{ "override", FLAG, offsetof(struct record, override), D, D },
	{ "until", TIME, offsetof(struct record, until), D, 0 },
	{ "package", HEX, offsetof(struct record, package), D, D },
	{ "criteria", HEX, offsetof(struct record, criteria), D | P, D | P },
	{ "evidence_head", HEX, offsetof(struct record, evidence_head), D, D },
	{ "about", TIME, offsetof(struct record, about), N, 0 },
	{ "cites", TEXT, offsetof(struct record, cites), N, 0 },
	{ "section", NAME, offsetof(struct record, section), N, 0 },
	{ "updates", COUNT, offsetof(struct record, updates), A, 0 },
	{ "owner", NAME, offsetof(struct record, owner), A, 0 },
	{ "due", DATE, offsetof(struct record, due), A, 0 },
	{ "validation", TEXT, offsetof(struct record, validation), A, 0 },
	{ "finding", NAME, offsetof(struct record, finding), A, 0 },
	{ "state", STATE, offsetof(struct record, state), A, A },
	{ "tested_at", TIME, offsetof(struct record, tested_at), R, R },
	{ "worked", FLAG, offsetof(struct record, worked), R, R },
	{ "seconds", NUMBER, offsetof(struct record, seconds), R, 0 },
	{ "criterion", NAME, offsetof(struct record, criterion), G, G },
	{ "rubric", HEX, offsetof(struct record, rubric), G, 0 },
	{ "events", HEX, offsetof(struct record, events), G, G },
	{ "points", NUMBER, offsetof(struct record, points), G, G },
};
#define FIELDS (sizeof fields / sizeof fields[0])

const char *record_kind_name(enum record_kind kind)
{
	return kind_names[kind];
}

const char *action_state_name(enum action_state state)
{
	return state_names[state];
}

int action_state_parse(enum action_state *out, const char *name)
{
	for (size_t i = 0; i < sizeof state_names / sizeof state_names[0]; i++)
		if (strcmp(state_names[i], name) == 0) {
			*out = (enum action_state)i;
			return 0;
		}
	return -1;
}

void record_init(struct record *record, enum record_kind kind)
{
	*record = (struct record){ .kind = kind,
				   .at = INSTANT_NONE,
				   .until = INSTANT_NONE,
				   .about = INSTANT_NONE,
				   .tested_at = INSTANT_NONE,
				   .seconds = NAN,
				   .points = NAN };
}

/* ---- What a value must be. */

static bool is_hex(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

/* YYYY-MM-DD of a day that exists. */
static bool is_date(const char *text)
{
	char time[32];
	int64_t at;

	if (strlen(text) != 10)
		return false;
	memcpy(time, text, 10);
	memcpy(time + 10, "T00:00:00Z", 11);
	return instant_parse(&at, time, NULL) == 0;
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

static int check_text(const struct field *f, const char *text, struct error *err)
{
	size_t max = f->type == NAME ? RECORD_NAME_MAX : RECORD_TEXT_MAX;

	if (!utf8_valid(text, strlen(text)))
		return error_code(err, ERR_USAGE, "%s: is not UTF-8", f->key);
	if (is_blank(text))
		return error_code(err, ERR_USAGE, "%s: is empty", f->key);
	if (strlen(text) > max)
		return error_code(err, ERR_USAGE, "%s: is %zu bytes long, at most %zu are kept", f->key, strlen(text), max);
	if (f->type == HEX && !is_hex(text))
		return error_code(err, ERR_USAGE, "%s: \"%.80s\" is no SHA-256 in hexadecimal", f->key, text);
	if (f->type == DATE && !is_date(text))
		return error_code(err, ERR_USAGE, "%s: \"%.80s\" is no day such as 2026-03-31", f->key, text);
	return 0;
}

static const void *at_offset(const struct record *record, const struct field *f)
{
	return (const char *)record + f->offset;
}

static bool is_text(const struct field *f)
{
	return f->type <= DATE;
}

static bool is_absent(const struct record *record, const struct field *f)
{
	const void *value = at_offset(record, f);

	switch (f->type) {
	case TIME:
		return *(const int64_t *)value == INSTANT_NONE;
	case NUMBER:
		return !isfinite(*(const double *)value);
	case COUNT:
		return *(const int64_t *)value == 0;
	case FLAG:
	case VERDICT:
	case STATE:
		return false;
	default:
		return *(const char *const *)value == NULL;
	}
}

static int check_action(const struct record *record, struct error *err)
{
	if (record->kind == RECORD_ACTION && record->updates == 0 && record->text == NULL)
		return error_code(err, ERR_USAGE, "text: is missing");
	return 0;
}

static int check(const struct record *record, struct error *err)
{
	for (size_t i = 0; i < FIELDS; i++) {
		const struct field *f = &fields[i];

		if ((f->kinds & 1U << record->kind) == 0)
			continue;
		if (is_absent(record, f)) {
			if ((f->required & 1U << record->kind) != 0)
				return error_code(err, ERR_USAGE, "%s: is missing", f->key);
		} else if (is_text(f) && check_text(f, *(const char *const *)at_offset(record, f), err) < 0) {
			return -1;
		}
	}
	return check_action(record, err);
}

/* ---- Writing. */

static void put_field(struct json_writer *w, const struct record *record, const struct field *f)
{
	const void *value = at_offset(record, f);

	if (is_absent(record, f))
		return;
	switch (f->type) {
	case TIME:
		json_put_instant(w, f->key, *(const int64_t *)value);
		break;
	case FLAG:
		json_put_bool(w, f->key, *(const bool *)value);
		break;
	case NUMBER:
		json_put_number(w, f->key, *(const double *)value);
		break;
	case COUNT:
		json_put_int(w, f->key, *(const int64_t *)value);
		break;
	case VERDICT:
		json_put_string(w, f->key, verdict_name(*(const enum verdict *)value));
		break;
	case STATE:
		json_put_string(w, f->key, action_state_name(*(const enum action_state *)value));
		break;
	default:
		json_put_string(w, f->key, *(const char *const *)value);
	}
}

int record_write(struct buf *out, const struct record *record, struct error *err)
{
	struct json_writer w;

	if (check(record, err) < 0)
		return -1;
	json_writer_init(&w, out, 0);
	json_begin_object(&w, NULL);
	json_put_string(&w, "schema", SCHEMA);
	json_put_string(&w, "kind", record_kind_name(record->kind));
	for (size_t i = 0; i < FIELDS; i++)
		if ((fields[i].kinds & 1U << record->kind) != 0)
			put_field(&w, record, &fields[i]);
	json_end_object(&w);
	return buf_check(out, "record", err);
}

int record_subject(struct buf *out, const struct record *record, struct error *err)
{
	if (record->kind == RECORD_APPROVAL)
		buf_printf(out, "Criteria %s", record->criteria);
	else if (record->kind == RECORD_REHEARSAL)
		buf_printf(out, "Canary %s", record->canary);
	else
		buf_printf(out, "Rollout %s", record->rollout);
	return buf_check(out, "subject", err);
}

/* ---- Reading. */

static int bad_field(const struct field *f, struct error *err)
{
	return error_set(err, "%s: has another type or value than it may have", f->key);
}

static int read_verdict(enum verdict *out, const char *name)
{
	static const enum verdict all[] = { VERDICT_GO, VERDICT_NO_GO, VERDICT_HOLD };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strcmp(verdict_name(all[i]), name) == 0) {
			*out = all[i];
			return 0;
		}
	return -1;
}

static int read_value(void *value, const struct field *f, const struct json *json, struct arena *arena, struct error *err)
{
	const char *text = json_string(json);

	switch (f->type) {
	case TIME:
		return text != NULL && instant_parse(value, text, NULL) == 0 ? 0 : bad_field(f, err);
	case FLAG:
		return json_bool(json, value) ? 0 : bad_field(f, err);
	case NUMBER:
		return json_number(json, value) ? 0 : bad_field(f, err);
	case COUNT:
		return json_int(json, value) && *(int64_t *)value > 0 ? 0 : bad_field(f, err);
	case VERDICT:
		return text != NULL && read_verdict(value, text) == 0 ? 0 : bad_field(f, err);
	case STATE:
		return text != NULL && action_state_parse(value, text) == 0 ? 0 : bad_field(f, err);
	default:
		if (text == NULL)
			return bad_field(f, err);
		*(const char **)value = arena_strdup(arena, text);
		return *(const char **)value == NULL ? error_nomem(err) : 0;
	}
}

static int read_fields(struct record *out, const struct json *json, struct arena *arena, struct error *err)
{
	for (size_t i = 0; i < FIELDS; i++) {
		const struct field *f = &fields[i];
		const struct json *value = json_get(json, f->key);

		if ((f->kinds & 1U << out->kind) == 0)
			continue;
		if (value == NULL && (f->required & 1U << out->kind) != 0)
			return error_set(err, "%s: is missing", f->key);
		if (value != NULL && read_value((char *)out + f->offset, f, value, arena, err) < 0)
			return -1;
	}
	return check(out, err);
}

static int read_kind(enum record_kind *out, const struct json *json, const char *row_kind, struct error *err)
{
	const char *schema = json_string(json_get(json, "schema")), *kind = json_string(json_get(json, "kind"));

	if (schema == NULL || strcmp(schema, SCHEMA) != 0)
		return error_set(err, "is no " SCHEMA);
	for (size_t i = 0; kind != NULL && i < RECORD_KINDS; i++)
		if (strcmp(kind_names[i], kind) == 0 && strcmp(kind, row_kind) == 0) {
			*out = (enum record_kind)i;
			return 0;
		}
	return error_set(err, "is of kind \"%.40s\" in a row of kind \"%.40s\"", kind == NULL ? "" : kind, row_kind);
}

static int read_record(struct record *out, const struct observation *row, struct arena *arena, struct error *err)
{
	struct json *json = row->body == NULL ? NULL : json_parse(row->body, row->body_len, err);
	enum record_kind kind;
	int rc = -1;

	if (row->body == NULL) {
		error_set(err, "its body was dropped");
		goto out;
	}
	if (json == NULL || read_kind(&kind, json, row->kind, err) < 0)
		goto out;
	record_init(out, kind);
	out->id = evidence_id_of(row);
	out->at = row->received_at;
	rc = read_fields(out, json, arena, err);
out:
	json_free(json);
	return rc;
}

int records_read(struct records *out, const struct evidence *rows, struct arena *arena, struct error *err)
{
	*out = (struct records){ 0 };
	for (size_t i = 0; i < rows->n; i++) {
		const struct observation *row = &rows->rows[i];
		struct record *v;

		if (row->source != SOURCE_HUMAN)
			continue;
		v = arena_grow(arena, out->v, out->n, &out->cap, sizeof *v);
		if (v == NULL)
			return error_nomem(err);
		out->v = v;
		if (read_record(&v[out->n], row, arena, err) < 0) {
			error_wrap(err, "record D-%03" PRId64, row->seq);
			if (err != NULL && err->code != ERR_NOMEM)
				err->code = ERR_TAMPERED;
			return -1;
		}
		out->n++;
	}
	return 0;
}

/* ---- Choosing. */

static bool is_canary(const char *name, const struct rollout *r)
{
	size_t len = strlen(r->namespace_);

	return strncmp(name, r->namespace_, len) == 0 && name[len] == '/' && strcmp(name + len + 1, r->canary) == 0;
}

static bool belongs(const struct record *record, const struct rollout *rollout)
{
	if (record->rollout != NULL)
		return strcmp(record->rollout, rollout->id) == 0;
	return record->canary == NULL || is_canary(record->canary, rollout);
}

int records_of(struct records *out, const struct records *all, const struct rollout *rollout, struct arena *arena, struct error *err)
{
	*out = (struct records){ 0 };
	for (size_t i = 0; i < all->n; i++) {
		struct record *v;

		if (!belongs(&all->v[i], rollout))
			continue;
		v = arena_grow(arena, out->v, out->n, &out->cap, sizeof *v);
		if (v == NULL)
			return error_nomem(err);
		out->v = v;
		out->v[out->n++] = all->v[i];
	}
	return 0;
}

static const char *newer(const char *old, const char *now)
{
	return now != NULL ? now : old;
}

/* Only records of the same log can update each other: seqs are a log's own. */
static struct action *updated(struct action *actions, size_t n, const struct record *record)
{
	evidence_id id = record->updates == 0 ? record->id : record->id - (record->id & EVIDENCE_SEQ_MASK) + record->updates;

	for (size_t i = 0; i < n; i++)
		if (actions[i].first->id == id)
			return &actions[i];
	return NULL;
}

static int apply(struct action *action, const struct record *record, struct arena *arena, struct error *err)
{
	action->last = record;
	action->text = newer(action->text, record->text);
	action->owner = newer(action->owner, record->owner);
	action->due = newer(action->due, record->due);
	action->validation = newer(action->validation, record->validation);
	action->finding = newer(action->finding, record->finding);
	action->state = record->state;
	return ids_add(&action->ids, record->id, arena) < 0 ? error_nomem(err) : 0;
}

int records_actions(struct action **out, size_t *n, const struct records *of_rollout, struct arena *arena, struct error *err)
{
	struct action *actions = arena_alloc(arena, of_rollout->n * sizeof *actions);

	*n = 0;
	*out = actions;
	if (actions == NULL)
		return error_nomem(err);
	for (size_t i = 0; i < of_rollout->n; i++) {
		const struct record *record = &of_rollout->v[i];
		struct action *action;

		if (record->kind != RECORD_ACTION)
			continue;
		if (record->updates == 0) {
			action = &actions[(*n)++];
			action->first = record;
		} else {
			action = updated(actions, *n, record);
		}
		if (action == NULL)
			return error_code(err, ERR_TAMPERED,
					  "record D-%03" PRId64 ": updates D-%03" PRId64 ", which is no action of this rollout",
					  record->id & EVIDENCE_SEQ_MASK, record->updates);
		if (apply(action, record, arena, err) < 0)
			return -1;
	}
	return 0;
}
