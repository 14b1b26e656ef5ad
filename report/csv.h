/* CSV (RFC 4180): a reader that keeps every byte of what it read, so that a file with one cell changed differs in that cell only; and
 * cells that spreadsheets take as text. */
#ifndef REPORT_CSV_H
#define REPORT_CSV_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct error;

/* Gradebooks of a course are far below; the caps keep a hostile file from taking the machine's memory. */
#define CSV_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define CSV_CELLS_MAX ((size_t)500000)

struct csv_cell {
	const char *raw; /* as it stands in the file, with its quotes */
	size_t raw_len;
	const char *text; /* its value, NUL-terminated */
	bool quoted;
};

struct csv_row {
	struct csv_cell *cells; /* at least one; an empty line is one empty cell */
	size_t n, cap;
	const char *end; /* "\r\n", "\n", "\r", or "" at the end of the file */
	size_t end_len;
	size_t line; /* where it begins, from 1 */
};

struct csv {
	bool bom;
	char separator;
	struct csv_row *rows;
	size_t n, cap;
	size_t cells;
	struct arena *memory;
};

/* The separator is the one of `,` `;` tab that gives the first row most cells. The bytes must outlive the csv. ERR_SYNTAX names the
 * line: a quote in or after a cell, a quoted cell without end, a NUL. A failed csv needs no csv_free. */
int csv_parse(struct csv *out, const char *bytes, size_t len, struct error *err);
void csv_free(struct csv *csv);

/* The first column of the first row with that heading, or SIZE_MAX. */
size_t csv_column(const struct csv *csv, const char *heading);

/* A new value; the cell keeps its quotes, and gets them where the text needs them. */
int csv_set(struct csv *csv, size_t row, size_t column, const char *text, struct error *err);

void csv_render(struct buf *out, const struct csv *csv);

/* A text from outside as one quoted cell that no spreadsheet runs as a formula (OWASP "CSV injection"): `'` stands before a line that
 * begins with = + - @ tab or CR, also after white space and in their full-width forms. Invalid UTF-8 becomes U+FFFD. */
void csv_put_text(struct buf *out, const char *text);

#endif
