/* Watch lines and redaction: a secret between "://" and "@" never passes, however the rest looks. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../collector/line.h"
#include "../../collector/project.h"
#include "../../collector/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int each(void *arg, const char *bytes, size_t len)
{
	static const char secret[] = "http://u:example-secret@h";
	struct buf in, out;

	(void)arg;
	if (bytes == NULL)
		return 0;
	buf_init(&in, 1 << 22);
	buf_init(&out, 1 << 23);
	buf_append(&in, bytes, len);
	buf_append(&in, secret, sizeof secret - 1);
	(void)redact(&out, in.data, in.len, true);
	if (out.data != NULL && len < (1 << 20) && memmem(out.data, out.len, "example-secret", 14) != NULL &&
	    memmem(bytes, len, "example-secret", 14) == NULL)
		abort();
	buf_reset(&out);
	(void)project(&out, bytes, len, NULL);
	buf_free(&in);
	buf_free(&out);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lines l;
	size_t half = size / 2;

	lines_init(&l);
	(void)lines_feed(&l, (const char *)data, half, each, NULL);
	(void)lines_feed(&l, (const char *)data + half, size - half, each, NULL);
	(void)lines_feed(&l, "\n", 1, each, NULL);
	lines_free(&l);
	return 0;
}
