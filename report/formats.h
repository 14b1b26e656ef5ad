/* Formats for other programs, each one row of the table in output.c; all from the assessment. */
#ifndef GONOGO_REPORT_FORMATS_H
#define GONOGO_REPORT_FORMATS_H

struct buf;
struct error;
struct package;

/* timeline.csv: id, at, source, kind, text, evidence, gap; every cell quoted and safe in spreadsheets (csv.h). RFC 4180. */
int timeline_csv_render(struct buf *out, const struct package *package, struct error *err);

/* junit.xml (facts/peers.md 10): a suite a rollout, a case a criterion, a case a criterion and step, and "verdict", which fails unless it is
 * GO. beyond → failure; an answer that was broken → error; not evaluable → skipped, with the reason. Evidence ids are properties. */
int junit_render(struct buf *out, const struct package *package, struct error *err);

/* summary.md: page one alone, for a step summary; below SUMMARY_MAX, cut between lines and said so. */
#define SUMMARY_MAX ((size_t)1000 * 1000)
int summary_render(struct buf *out, const struct package *package, struct error *err);

/* cdevents.ndjson: CDEvents 0.5.1, one event a line: testsuiterun started and finished, service upgraded or rolledback. Ids are derived from the
 * rollout's: the same evidence gives the same events. */
int cdevents_render(struct buf *out, const struct package *package, struct error *err);

/* rollback-rules.yaml, a Prometheus rules file with the numbers of this rollout's baseline; the same as a PrometheusRule manifest; and cases for
 * `promtool test rules` from the rollout's own samples. No rules where a provider has no queries: the file says so. */
int rules_render(struct buf *out, const struct package *package, struct error *err);
int rules_manifest_render(struct buf *out, const struct package *package, struct error *err);
int rules_test_render(struct buf *out, const struct package *package, struct error *err);

#endif
