/* JUnit's XML, as CI systems read it (facts/peers.md 10). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/criteria.h"
#include "gonogo/decide.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/output.h"
#include "gonogo/rollout.h"
#include "gonogo/utf8.h"
#include "svg.h"

/* Cluster text may be no UTF-8 at all. */
static void put_xml(struct buf *out, const char *text)
{
	struct buf clean;

	buf_init(&clean, 16 * strlen(text) + 64);
	utf8_clean(&clean, text, strlen(text));
	xml_escape(out, clean.data);
	if (clean.failed)
		out->failed = true;
	buf_free(&clean);
}

static void xml_attribute(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, " %s=\"", name);
	put_xml(out, value == NULL ? "" : value);
	buf_putc(out, '"');
}

struct counts {
	size_t tests, failures, errors, skipped;
};

struct writing {
	struct buf *out;
	struct counts counts;
};

static void open_case(struct writing *w, const char *class, const char *name, double seconds)
{
	buf_puts(w->out, "    <testcase");
	xml_attribute(w->out, "classname", class);
	xml_attribute(w->out, "name", name);
	buf_printf(w->out, " time=\"%.3f\">\n", isnan(seconds) ? 0 : seconds);
	w->counts.tests++;
}

static void close_case(struct writing *w, const struct ids *ids, const char *text)
{
	buf_puts(w->out, "      <system-out>");
	put_xml(w->out, text);
	for (size_t i = 0; ids != NULL && i < ids->n; i++) {
		buf_puts(w->out, i == 0 ? " [" : ", ");
		evidence_id_print(w->out, ids->id[i]);
	}
	buf_puts(w->out, ids != NULL && ids->n > 0 ? "]</system-out>\n    </testcase>\n" : "</system-out>\n    </testcase>\n");
}

static void put_result(struct writing *w, const char *element, const char *type, const char *message)
{
	buf_printf(w->out, "      <%s", element);
	xml_attribute(w->out, "type", type);
	xml_attribute(w->out, "message", message);
	buf_puts(w->out, "/>\n");
}

/* What the server said was not whole, or not to be used: nobody's measurement. */
static bool is_broken(const char *reason)
{
	return reason != NULL && (strcmp(reason, REASON_PARTIAL) == 0 || strcmp(reason, REASON_NATIVE_HISTOGRAM) == 0);
}

static void not_evaluable(struct writing *w, const char *reason, const char *text)
{
	if (is_broken(reason)) {
		put_result(w, "error", reason, text);
		w->counts.errors++;
	} else {
		put_result(w, "skipped", reason, text);
		w->counts.skipped++;
	}
}

static void put_criterion(struct writing *w, const struct criterion_result *r)
{
	open_case(w, "criteria", r->criterion->name, NAN);
	if (r->state == CRITERION_FAIL && r->criterion->informational) {
		put_result(w, "skipped", "informational", r->text);
		w->counts.skipped++;
	} else if (r->state == CRITERION_FAIL) {
		put_result(w, "failure", "beyond", r->text);
		w->counts.failures++;
	} else if (r->state != CRITERION_PASS) {
		not_evaluable(w, r->reason == NULL ? "UNDECIDED" : r->reason, r->text);
	}
	close_case(w, &r->ids, r->text);
}

static bool has_failed(const struct assessment *a, const struct criterion *c)
{
	for (size_t i = 0; i < a->n_results; i++)
		if (a->results[i].criterion == c)
			return a->results[i].state == CRITERION_FAIL && !c->informational;
	return false;
}

#define READING_TEXT_MAX 256

/* "beyond: 0.0305 (baseline 0.0006, limit 0.0012)" in the reading's unit; its own sentence where it has one. */
static const char *reading_text(char text[static READING_TEXT_MAX], const struct reading *r)
{
	char baseline[40] = "";

	if (r->text != NULL || isnan(r->value))
		return r->text != NULL ? r->text : reading_state_name(r->state);
	if (!isnan(r->baseline))
		(void)snprintf(baseline, sizeof baseline, "baseline %.6g, ", r->baseline);
	(void)snprintf(text, READING_TEXT_MAX, "%s: %.6g (%slimit %.6g), %s", reading_state_name(r->state), r->value, baseline, r->limit,
		       r->unit == NULL ? "" : r->unit);
	return text;
}

/* "step 2 at 20 %": names of cases must tell them apart. */
static void put_step(struct writing *w, const struct assessment *a, size_t number)
{
	const struct step_result *s = &a->steps[number];
	char class[64];

	(void)snprintf(class, sizeof class, "step %zu at %.4g %%", number + 1, s->step->exposure * 100);
	for (size_t i = 0; i < s->n_readings; i++) {
		const struct reading *r = &s->readings[i];
		char numbers[READING_TEXT_MAX];
		const char *text = reading_text(numbers, r);

		open_case(w, class, r->criterion->name, (double)(s->step->to - s->step->from) / (double)NS_PER_S);
		if (r->state == READING_BEYOND && has_failed(a, r->criterion)) {
			put_result(w, "failure", "beyond", text);
			w->counts.failures++;
		} else if (r->state == READING_NOT_EVALUABLE || r->state == READING_NOT_REACHED) {
			not_evaluable(w, r->reason == NULL ? "not-reached" : r->reason, text);
		}
		close_case(w, &r->ids, text);
	}
}

/* Required criteria that nobody could decide must not make a green build: HOLD is not GO. */
static void put_verdict(struct writing *w, const struct assessment *a)
{
	open_case(w, "gonogo", "verdict", NAN);
	if (a->verdict != VERDICT_GO) {
		put_result(w, "failure", verdict_name(a->verdict), a->headline);
		w->counts.failures++;
	}
	close_case(w, &a->subline_ids, a->headline);
}

static void put_property(struct buf *out, const char *name, const char *value)
{
	buf_puts(out, "      <property");
	xml_attribute(out, "name", name);
	xml_attribute(out, "value", value);
	buf_puts(out, "/>\n");
}

static void put_properties(struct buf *out, const struct assessment *a)
{
	const struct rollout *r = a->rollout;
	char text[64], hex[DIGEST_HEX_SIZE];

	buf_puts(out, "    <properties>\n");
	put_property(out, "verdict", verdict_name(a->verdict));
	put_property(out, "outcome", outcome_name(r->outcome));
	put_property(out, "cluster", r->cluster);
	put_property(out, "canary", r->canary);
	put_property(out, "namespace", r->namespace_);
	put_property(out, "evidence-head", digest_hex(hex, a->provenance.head));
	(void)snprintf(text, sizeof text, "E-%03lld to E-%03lld", (long long)a->provenance.first_seq, (long long)a->provenance.last_seq);
	put_property(out, "evidence", text);
	buf_puts(out, "    </properties>\n");
}

static void put_suite(struct buf *out, const struct assessment *a, const struct counts *counts, const struct buf *cases)
{
	const struct rollout *r = a->rollout;
	int64_t end = r->ended_at == INSTANT_NONE ? a->evaluated_at : r->ended_at;
	char at[INSTANT_TEXT_MAX];

	buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite");
	xml_attribute(out, "name", r->id);
	/* The schema's xs:dateTime without a zone; UTC. */
	buf_printf(out, " timestamp=\"%.19s\" time=\"%.3f\"", instant_rfc3339(at, r->started_at),
		   (double)(end - r->started_at) / (double)NS_PER_S);
	buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">\n", counts->tests, counts->failures,
		   counts->errors, counts->skipped);
	put_properties(out, a);
	buf_append(out, cases->data == NULL ? "" : cases->data, cases->len);
	buf_puts(out, "  </testsuite>\n</testsuites>\n");
}

int junit_render(struct buf *out, const struct package *package, struct error *err)
{
	const struct assessment *a = package->assessment;
	struct writing w = { 0 };
	struct buf cases;
	int rc;

	buf_init(&cases, out->max);
	w.out = &cases;
	put_verdict(&w, a);
	for (size_t i = 0; i < a->n_results; i++)
		put_criterion(&w, &a->results[i]);
	for (size_t i = 0; i < a->n_steps; i++)
		put_step(&w, a, i);
	rc = buf_check(&cases, "junit.xml", err);
	if (rc == 0)
		put_suite(out, a, &w.counts, &cases);
	buf_free(&cases);
	return rc < 0 ? -1 : buf_check(out, "junit.xml", err);
}
