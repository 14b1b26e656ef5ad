/* Text for XML 1.0: what the standard forbids becomes visible, the rest is escaped. */
#ifndef GONOGO_REPORT_XML_H
#define GONOGO_REPORT_XML_H

struct buf;

void xml_put(struct buf *out, const char *text);
/* ` name="value"`; nothing for NULL. */
void xml_attribute(struct buf *out, const char *name, const char *value);

#endif
