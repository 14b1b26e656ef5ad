/* CSV and the merge into a Canvas export. What was read must be written as the same bytes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../report/csv.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/gradebook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void merge(const char *bytes, size_t size, const char *login)
{
	struct learner_mark mark = { .login = login, .graded = true, .points = 17.5, .max = 20 };
	struct buf out, notes;
	struct error err;

	buf_init(&out, 2 * CSV_BYTES_MAX);
	buf_init(&notes, GRADEBOOK_NOTES_MAX);
	if (gradebook_canvas(&out, &notes, bytes, size, "Canary game day", &mark, 1, &err) < 0 && out.len > 0)
		abort();
	buf_free(&out);
	buf_free(&notes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct error err;
	struct csv csv;
	struct buf out;

	if (csv_parse(&csv, bytes, size, &err) < 0)
		return 0;
	buf_init(&out, 2 * CSV_BYTES_MAX);
	csv_render(&out, &csv);
	if (out.len != size || (size > 0 && memcmp(out.data, data, size) != 0))
		abort();
	buf_reset(&out);
	for (size_t i = 0; i < csv.n; i++)
		csv_put_text(&out, csv.rows[i].cells[0].text);
	merge(bytes, size, "thuha.d");
	buf_free(&out);
	csv_free(&csv);
	return 0;
}
