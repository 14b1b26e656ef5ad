#include "font.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gonogo/error.h"
#include "gonogo/utf8.h"

/* DejaVu's files have 0.7 MB; larger ones would go whole into memory. */
#define FONT_MAX ((off_t)16 * 1024 * 1024)
#define PLANE 0x10000u

static unsigned get16(const struct font *f, size_t at)
{
	return at + 2 <= f->len ? (unsigned)f->bytes[at] << 8 | f->bytes[at + 1] : 0;
}

static uint32_t get32(const struct font *f, size_t at)
{
	return (uint32_t)get16(f, at) << 16 | get16(f, at + 2);
}

/* Offset of a table, 0 if there is none (OpenType 1.9, table directory). */
static size_t find_table(const struct font *f, const char *tag)
{
	unsigned n = get16(f, 4);

	for (size_t i = 0; i < n; i++) {
		size_t at = 12 + 16 * i;

		if (at + 16 <= f->len && memcmp(f->bytes + at, tag, 4) == 0)
			return get32(f, at + 8);
	}
	return 0;
}

/* The character map that libharu uses too: platform 3, encoding 1, format 4. */
static size_t find_map(const struct font *f)
{
	size_t cmap = find_table(f, "cmap");
	unsigned n = cmap == 0 ? 0 : get16(f, cmap + 2);

	for (size_t i = 0; i < n; i++) {
		size_t at = cmap + 4 + 8 * i, sub = cmap + get32(f, at + 4);

		if (get16(f, at) == 3 && get16(f, at + 2) == 1 && get16(f, sub) == 4)
			return sub;
	}
	return 0;
}

static unsigned glyph_of(const struct font *f, size_t map, size_t segments, size_t i, unsigned c)
{
	size_t starts = map + 16 + 2 * segments, deltas = starts + 2 * segments, offsets = deltas + 2 * segments;
	unsigned start = get16(f, starts + 2 * i), delta = get16(f, deltas + 2 * i), offset = get16(f, offsets + 2 * i), glyph;

	if (offset == 0)
		return (c + delta) & 0xFFFF;
	glyph = get16(f, offsets + 2 * i + offset + 2 * (size_t)(c - start));
	return glyph == 0 ? 0 : (glyph + delta) & 0xFFFF;
}

static void read_segment(struct font *f, size_t map, size_t segments, size_t i, unsigned units, size_t hmtx, unsigned n_long)
{
	unsigned end = get16(f, map + 14 + 2 * i), start = get16(f, map + 16 + 2 * segments + 2 * i);

	for (unsigned c = start; c <= end && c < 0xFFFF; c++) {
		unsigned glyph = glyph_of(f, map, segments, i, c);
		size_t metric = hmtx + 4 * (size_t)(glyph < n_long ? glyph : n_long - 1);

		/* Integers, as the widths in the PDF are. */
		if (glyph != 0)
			f->advance[c] = (uint16_t)(get16(f, metric) * 1000 / units);
	}
}

static int read_metrics(struct font *f, struct error *err)
{
	size_t map = find_map(f), head = find_table(f, "head"), hhea = find_table(f, "hhea"), hmtx = find_table(f, "hmtx"), segments;
	unsigned units = head == 0 ? 0 : get16(f, head + 18), n_long = hhea == 0 ? 0 : get16(f, hhea + 34);

	if (map == 0 || units == 0 || n_long == 0 || hmtx == 0)
		return error_code(err, ERR_SYNTAX, "%s: not a TrueType font with a Unicode map", f->path);
	f->advance = calloc(PLANE, sizeof *f->advance);
	if (f->advance == NULL)
		return error_nomem(err);
	segments = get16(f, map + 6) / 2;
	for (size_t i = 0; i < segments; i++)
		read_segment(f, map, segments, i, units, hmtx, n_long);
	return 0;
}

static int read_bytes(struct font *f, int fd, size_t size, struct error *err)
{
	f->bytes = malloc(size);
	if (f->bytes == NULL)
		return error_nomem(err);
	while (f->len < size) {
		ssize_t n = read(fd, f->bytes + f->len, size - f->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set(err, "%s: %s", f->path, n < 0 ? strerror(errno) : "shorter than its size");
		f->len += (size_t)n;
	}
	return 0;
}

static int read_file(struct font *f, struct error *err)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC), rc;
	struct stat st;

	if (fd < 0)
		return error_code(err, ERR_NOT_FOUND, "%s: %s; the PDF needs DejaVu Sans Condensed: install the package fonts-dejavu-extra",
				  f->path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > FONT_MAX)
		rc = error_set(err, "%s: not a font file", f->path);
	else
		rc = read_bytes(f, fd, (size_t)st.st_size, err);
	close(fd);
	return rc;
}

int fonts_load(struct fonts *out, const char *folder, struct error *err)
{
	static const char *const names[] = { "DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf" };

	*out = (struct fonts){ 0 };
	for (int i = 0; i < 2; i++) {
		struct font *f = &out->face[i];

		(void)snprintf(f->path, sizeof f->path, "%s/%s", folder == NULL ? FONT_FOLDER : folder, names[i]);
		if (read_file(f, err) < 0 || read_metrics(f, err) < 0 || digest_bytes(f->sha256, f->bytes, f->len, err) < 0) {
			fonts_free(out);
			return -1;
		}
	}
	return 0;
}

void fonts_free(struct fonts *fonts)
{
	for (int i = 0; i < 2; i++) {
		free(fonts->face[i].bytes);
		free(fonts->face[i].advance);
		fonts->face[i].bytes = NULL;
		fonts->face[i].advance = NULL;
	}
}

double font_width(const struct fonts *fonts, bool bold, double size, const char *text, size_t len)
{
	const uint16_t *advance = fonts->face[bold].advance;
	const char *at = text, *end = text + len;
	unsigned long sum = 0;
	uint32_t c;

	/* A no-break space is drawn as a plain one (report-design.md 7). */
	while ((c = utf8_next(&at, end)) != 0)
		sum += c == 0xA0 ? advance[' '] : c < PLANE ? advance[c] : 0;
	return (double)sum * size / 1000;
}

bool font_has(const struct fonts *fonts, uint32_t code_point)
{
	return code_point < PLANE && fonts->face[0].advance[code_point] != 0 && fonts->face[1].advance[code_point] != 0;
}
