#include "csv.h"

#include <stdint.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/utf8.h"

/* Cells with their texts, doubled while an array grows. */
#define MEMORY_MAX ((size_t)160 * 1024 * 1024)

static const char bom[] = "\xef\xbb\xbf";

struct reader {
	const char *at, *end;
	size_t line;
	struct csv *csv;
	struct error *err;
};

static int fail(const struct reader *r, size_t line, const char *text)
{
	return error_code(r->err, ERR_SYNTAX, "line %zu: %s", line, text);
}

/* Cells of the first row if c separated them: quotes hide separators and line ends. */
static size_t count_cells(const char *at, const char *end, char c)
{
	bool quoted = false;
	size_t n = 1;

	for (; at < end; at++) {
		if (*at == '"')
			quoted = !quoted;
		else if (!quoted && (*at == '\n' || *at == '\r'))
			break;
		else if (!quoted && *at == c)
			n++;
	}
	return n;
}

static char find_separator(const char *at, const char *end)
{
	static const char candidates[] = { ',', ';', '\t' };
	size_t most = 0;
	char best = ',';

	for (size_t i = 0; i < sizeof candidates; i++) {
		size_t n = count_cells(at, end, candidates[i]);

		if (n > most) {
			most = n;
			best = candidates[i];
		}
	}
	return best;
}

static bool ends_cell(const struct reader *r)
{
	return r->at == r->end || *r->at == r->csv->separator || *r->at == '\n' || *r->at == '\r';
}

/* From the opening quote to behind the closing one. */
static int read_quoted(struct reader *r, struct csv_cell *cell)
{
	size_t begun = r->line, used = 0;
	const char *close = r->at + 1;
	char *text;

	while ((close = memchr(close, '"', (size_t)(r->end - close))) != NULL && close + 1 < r->end && close[1] == '"')
		close += 2;
	if (close == NULL)
		return fail(r, begun, "a quoted cell begins here and never ends");
	text = arena_alloc(r->csv->memory, (size_t)(close - r->at));
	if (text == NULL)
		return error_nomem(r->err);
	for (const char *p = r->at + 1; p < close; p++) {
		text[used++] = *p;
		r->line += *p == '\n' || (*p == '\r' && p[1] != '\n');
		p += *p == '"';
	}
	text[used] = '\0';
	cell->text = text;
	cell->quoted = true;
	r->at = close + 1;
	return ends_cell(r) ? 0 : fail(r, r->line, "text follows a cell's closing quote");
}

static int read_plain(struct reader *r, struct csv_cell *cell)
{
	const char *start = r->at;

	while (!ends_cell(r) && *r->at != '"')
		r->at++;
	if (!ends_cell(r))
		return fail(r, r->line, "a quote inside a cell that is not quoted");
	cell->text = arena_strndup(r->csv->memory, start, (size_t)(r->at - start));
	return cell->text == NULL ? error_nomem(r->err) : 0;
}

static int read_cell(struct reader *r, struct csv_row *row)
{
	struct csv_cell *grown = arena_grow(r->csv->memory, row->cells, row->n, &row->cap, sizeof *grown), *cell;
	const char *start = r->at;
	int rc;

	if (grown == NULL)
		return error_nomem(r->err);
	if (++r->csv->cells > CSV_CELLS_MAX)
		return error_code(r->err, ERR_LIMIT, "line %zu: more than 500000 cells", r->line);
	row->cells = grown;
	cell = &grown[row->n++];
	*cell = (struct csv_cell){ .raw = start };
	rc = r->at < r->end && *r->at == '"' ? read_quoted(r, cell) : read_plain(r, cell);
	cell->raw_len = (size_t)(r->at - start);
	return rc;
}

static int read_row(struct reader *r)
{
	struct csv *csv = r->csv;
	struct csv_row *grown = arena_grow(csv->memory, csv->rows, csv->n, &csv->cap, sizeof *grown), *row;

	if (grown == NULL)
		return error_nomem(r->err);
	csv->rows = grown;
	row = &grown[csv->n++];
	*row = (struct csv_row){ .line = r->line };
	for (;;) {
		if (read_cell(r, row) < 0)
			return -1;
		if (r->at == r->end || *r->at != csv->separator)
			break;
		r->at++;
	}
	row->end = r->at;
	if (r->at < r->end)
		row->end_len = *r->at == '\r' && r->at + 1 < r->end && r->at[1] == '\n' ? 2 : 1;
	r->at += row->end_len;
	r->line++;
	return 0;
}

int csv_parse(struct csv *out, const char *bytes, size_t len, struct error *err)
{
	struct reader r = { .at = bytes, .end = bytes + len, .line = 1, .csv = out, .err = err };

	*out = (struct csv){ 0 };
	if (len > CSV_BYTES_MAX)
		return error_code(err, ERR_LIMIT, "larger than 16 MiB");
	if (len > 0 && memchr(bytes, '\0', len) != NULL)
		return error_code(err, ERR_SYNTAX, "holds a NUL: not a CSV file in UTF-8");
	out->memory = arena_new(MEMORY_MAX);
	if (out->memory == NULL)
		return error_nomem(err);
	out->bom = len >= 3 && memcmp(bytes, bom, 3) == 0;
	r.at += out->bom ? 3 : 0;
	out->separator = find_separator(r.at, r.end);
	while (r.at < r.end)
		if (read_row(&r) < 0) {
			csv_free(out);
			return -1;
		}
	return 0;
}

void csv_free(struct csv *csv)
{
	arena_free(csv->memory);
	*csv = (struct csv){ 0 };
}

size_t csv_column(const struct csv *csv, const char *heading)
{
	for (size_t i = 0; csv->n > 0 && i < csv->rows[0].n; i++)
		if (strcmp(csv->rows[0].cells[i].text, heading) == 0)
			return i;
	return SIZE_MAX;
}

/* In the first row any candidate is quoted: it must not be taken for the file's separator by the next reader. Nor may a row's only cell
 * vanish: its line end would join the one before, or no line be left. */
static bool needs_quotes(const struct csv *csv, size_t row, const char *text)
{
	return (row == 0 && strpbrk(text, ",;\t") != NULL) || (*text == '\0' && csv->rows[row].n == 1) ||
	       strchr(text, csv->separator) != NULL || strpbrk(text, "\"\r\n") != NULL || *text == ' ' ||
	       (*text != '\0' && text[strlen(text) - 1] == ' ');
}

static void put_quoted(struct buf *out, const char *text)
{
	buf_putc(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			buf_putc(out, '"');
		buf_putc(out, *text);
	}
	buf_putc(out, '"');
}

int csv_set(struct csv *csv, size_t row, size_t column, const char *text, struct error *err)
{
	struct csv_cell *cell = &csv->rows[row].cells[column];
	struct buf raw;
	int rc = -1;

	buf_init(&raw, 2 * CSV_BYTES_MAX);
	if (cell->quoted || needs_quotes(csv, row, text))
		put_quoted(&raw, text);
	else
		buf_puts(&raw, text);
	if (buf_check(&raw, "a cell", err) < 0)
		goto out;
	cell->raw_len = raw.len;
	cell->raw = arena_strndup(csv->memory, raw.len == 0 ? "" : raw.data, raw.len);
	cell->text = arena_strdup(csv->memory, text);
	if (cell->raw == NULL || cell->text == NULL) {
		error_nomem(err);
		goto out;
	}
	rc = 0;
out:
	buf_free(&raw);
	return rc;
}

void csv_render(struct buf *out, const struct csv *csv)
{
	if (csv->bom)
		buf_puts(out, bom);
	for (size_t i = 0; i < csv->n; i++) {
		const struct csv_row *row = &csv->rows[i];

		for (size_t k = 0; k < row->n; k++) {
			if (k > 0)
				buf_putc(out, csv->separator);
			buf_append(out, row->cells[k].raw, row->cells[k].raw_len);
		}
		buf_append(out, row->end, row->end_len);
	}
}

/* What spreadsheets skip before they look for a formula's sign. */
static bool is_space(uint32_t c)
{
	return c == ' ' || c == 0x0b || c == 0x0c || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200b) ||
	       (c >= 0x2028 && c <= 0x2029) || c == 0x202f || c == 0x205f || c == 0x3000 || c == 0xfeff;
}

static bool starts_formula(const char *line, const char *end)
{
	static const uint32_t signs[] = { '=', '+', '-', '@', '\t', 0xff1d, 0xff0b, 0xff0d, 0xff20 };
	uint32_t c = ' ';

	while (line < end && is_space(c))
		c = utf8_next(&line, end);
	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
		if (c == signs[i])
			return true;
	return false;
}

void csv_put_text(struct buf *out, const char *text)
{
	const char *end = text + strlen(text);
	bool line_begins = true;

	buf_putc(out, '"');
	while (text < end) {
		uint32_t c;

		if (line_begins && (*text == '\r' || starts_formula(text, end)))
			buf_putc(out, '\'');
		c = utf8_next(&text, end);
		line_begins = c == '\n' || c == '\r';
		if (c == '"')
			buf_putc(out, '"');
		utf8_put(out, c);
	}
	buf_putc(out, '"');
}
