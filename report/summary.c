/* Page one for a step summary. */
#include <string.h>

#include "formats.h"
#include "gonogo/buf.h"
#include "gonogo/output.h"
#include "markdown.h"

int summary_render(struct buf *out, const struct package *package, struct error *err)
{
	static const char cut[] = "\n**Cut here**: the rest is in report.md.\n";
	struct buf whole;
	size_t len;
	int rc;

	buf_init(&whole, out->max);
	rc = markdown_render_first(&whole, package->doc, err);
	len = whole.len;
	if (rc == 0 && len > SUMMARY_MAX) {
		len = SUMMARY_MAX - sizeof cut;
		while (len > 0 && whole.data[len - 1] != '\n')
			len--;
	}
	if (rc == 0) {
		buf_append(out, whole.data, len);
		if (len < whole.len)
			buf_puts(out, cut);
		rc = buf_check(out, "summary.md", err);
	}
	buf_free(&whole);
	return rc;
}
