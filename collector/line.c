#include "line.h"

#include <string.h>

void lines_init(struct lines *l)
{
	*l = (struct lines){ 0 };
	buf_init(&l->rest, LINE_MAX_BYTES);
}

void lines_free(struct lines *l)
{
	buf_free(&l->rest);
}

static int end_line(struct lines *l, lines_each *each, void *arg)
{
	int rc = 0;

	if (l->skipping)
		rc = each(arg, NULL, l->skipped);
	else if (l->rest.len > 0)
		rc = each(arg, l->rest.data, l->rest.len);
	buf_reset(&l->rest);
	l->skipping = false;
	l->skipped = 0;
	return rc;
}

static void add(struct lines *l, const char *bytes, size_t len)
{
	if (!l->skipping && l->rest.len + len > LINE_MAX_BYTES) {
		l->skipping = true;
		l->skipped = l->rest.len;
		buf_reset(&l->rest);
	}
	if (l->skipping)
		l->skipped += len;
	else
		buf_append(&l->rest, bytes, len);
}

int lines_feed(struct lines *l, const char *bytes, size_t len, lines_each *each, void *arg)
{
	while (len > 0) {
		const char *end = memchr(bytes, '\n', len);
		size_t n = end == NULL ? len : (size_t)(end - bytes);

		add(l, bytes, n);
		if (end == NULL)
			return 0;
		if (end_line(l, each, arg) < 0)
			return -1;
		bytes += n + 1;
		len -= n + 1;
	}
	return 0;
}
