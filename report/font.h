/* Metrics of the report's two faces, read from their TrueType files: what pages are laid out by. */
#ifndef GONOGO_REPORT_FONT_H
#define GONOGO_REPORT_FONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonogo/digest.h"

struct error;

/* Where Debian's fonts-dejavu-extra has them. */
#define FONT_FOLDER "/usr/share/fonts/truetype/dejavu"

struct font {
	char path[512];
	uint8_t sha256[DIGEST_SIZE];
	unsigned char *bytes;
	size_t len;
	uint16_t *advance; /* thousandths of the size, by code point of the basic plane; 0: no glyph */
};

struct fonts {
	struct font face[2]; /* regular, bold */
};

/* folder: NULL for FONT_FOLDER. ERR_NOT_FOUND names the package to install. */
int fonts_load(struct fonts *out, const char *folder, struct error *err);
void fonts_free(struct fonts *fonts);

/* Points. Code points without a glyph count as nothing. */
double font_width(const struct fonts *fonts, bool bold, double size, const char *text, size_t len);

bool font_has(const struct fonts *fonts, uint32_t code_point);

#endif
