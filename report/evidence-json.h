/* evidence.json of one assessment. */
#ifndef GONOGO_REPORT_EVIDENCE_JSON_H
#define GONOGO_REPORT_EVIDENCE_JSON_H

struct assessment;
struct buf;
struct error;

/* Appends the whole file. -1 if out is full. */
int evidence_json_write(struct buf *out, const struct assessment *a, struct error *err);

#endif
