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
	digest_free(l->digest);
	l->digest = NULL;
}

static void end_skipping(struct lines *l)
{
	if (l->digest == NULL || digest_final(l->digest, l->sha256, NULL) < 0)
		memset(l->sha256, 0, sizeof l->sha256);
	digest_free(l->digest);
	l->digest = NULL;
}

static int end_line(struct lines *l, lines_each *each, void *arg)
{
	int rc = 0;

	if (l->skipping) {
		end_skipping(l);
		rc = each(arg, NULL, l->skipped);
	} else if (l->rest.len > 0) {
		rc = each(arg, l->rest.data, l->rest.len);
	}
	buf_reset(&l->rest);
	l->skipping = false;
	l->skipped = 0;
	return rc;
}

static void skip(struct lines *l, const char *bytes, size_t len)
{
	l->skipped += len;
	if (l->digest != NULL)
		digest_update(l->digest, bytes, len);
}

static void add(struct lines *l, const char *bytes, size_t len)
{
	if (!l->skipping && l->rest.len + len > LINE_MAX_BYTES) {
		l->skipping = true;
		l->digest = digest_new(NULL);
		skip(l, l->rest.data == NULL ? "" : l->rest.data, l->rest.len);
		/* Its memory is not needed for what comes after. */
		buf_free(&l->rest);
		buf_init(&l->rest, LINE_MAX_BYTES);
	}
	if (l->skipping)
		skip(l, bytes, len);
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
