/* What people say of a rollout: decisions, notes, actions, rehearsals, approvals, grades. Each is a row of a log of its own,
 * decisions.db (origin "gonogo/CLUSTER/decisions"): source "human", the record's kind, its subject, and a JSON body
 * (schema/record.schema.json). Later records supersede earlier ones and never erase them. All of it is hostile text. */
#ifndef GONOGO_RECORD_H
#define GONOGO_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonogo/assessment.h"
#include "gonogo/evidence.h"

struct arena;
struct buf;
struct error;

/* Longest name or role, and longest text: a page. */
#define RECORD_NAME_MAX 200
#define RECORD_TEXT_MAX 4000

enum record_kind { RECORD_DECISION, RECORD_NOTE, RECORD_ACTION, RECORD_REHEARSAL, RECORD_APPROVAL, RECORD_GRADE };
#define RECORD_KINDS 6

/* "decision", … */
const char *record_kind_name(enum record_kind kind);

enum action_state { ACTION_OPEN, ACTION_DONE, ACTION_DROPPED };
/* "open", … */
const char *action_state_name(enum action_state state);
int action_state_parse(enum action_state *out, const char *name);

/* Texts are NULL, instants INSTANT_NONE and digests (64 hexadecimal digits) NULL where the kind has none or none was given. */
struct record {
	enum record_kind kind;
	evidence_id id; /* cited "D-003" */
	int64_t at; /* when it was recorded */
	const char *by, *role; /* as they call themselves */
	const char *account; /* the operating system's user that wrote it */
	const char *version; /* of gonogo */
	const char *rollout; /* id; decisions, notes, actions, grades */
	const char *canary; /* NAMESPACE/CANARY: rehearsals; approvals for one canary only */
	const char *text; /* reason, note, what to do, how it was tested, why */
	/* decision */
	enum verdict decision, computed;
	bool override;
	int64_t until;
	const char *package; /* digest of the package that was seen: package_digest of ruling.h */
	const char *criteria; /* digest of the criteria judged by; approval: of those approved */
	const char *evidence_head; /* chain digest of the evidence's last row */
	/* note */
	int64_t about; /* when what it speaks of was; INSTANT_NONE: of no moment */
	const char *cites; /* "E-012, E-014" */
	const char *section; /* of the postmortem that it is for (postmortem.h); NULL: for the timeline */
	/* action; the first record of one has no `updates`, later ones give its seq and what changes */
	int64_t updates; /* 0: a new action */
	const char *owner, *due, *validation, *finding; /* due: YYYY-MM-DD; finding: its rule */
	enum action_state state;
	/* rehearsal */
	int64_t tested_at;
	bool worked;
	double seconds; /* until traffic was back; NaN */
	/* grade: an override of one rubric criterion */
	const char *criterion, *rubric; /* id; digest of the rubric's bytes */
	const char *events; /* of scorecard: whose log was graded */
	double points;
};

/* An action with all its updates applied. */
struct action {
	const struct record *first, *last;
	const char *text, *owner, *due, *validation, *finding;
	enum action_state state;
	struct ids ids;
};

struct records {
	size_t n, cap;
	struct record *v; /* in order of their log */
};

/* All defaults: what is absent. */
void record_init(struct record *record, enum record_kind kind);

/* Checks what must be there and how long it is, and writes the body. ERR_USAGE names the missing or bad field. */
int record_write(struct buf *out, const struct record *record, struct error *err);

/* "Rollout ID", "Canary NAMESPACE/CANARY", "Criteria SHA256": the row's subject. */
int record_subject(struct buf *out, const struct record *record, struct error *err);

/* Reads the rows of source human; others are passed over. A row that is no record is ERR_TAMPERED, with its id: what a person signed is not
 * skipped in silence. */
int records_read(struct records *out, const struct evidence *rows, struct arena *arena, struct error *err);

/* Those of one rollout (notes, decisions, actions, grades), of its canary (rehearsals), and approvals that hold for that canary. */
int records_of(struct records *out, const struct records *all, const struct rollout *rollout, struct arena *arena, struct error *err);

/* The actions among one rollout's records, in order of their first record, whose id (D-003) is theirs. An update of an action that is not there is
 * ERR_TAMPERED. */
int records_actions(struct action **out, size_t *n, const struct records *of_rollout, struct arena *arena, struct error *err);

#endif
