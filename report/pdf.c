/* With pdf-tree.c the one place that knows libharu. */
#include "pdf.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "flow.h"
#include "font.h"
#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/doc.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/utf8.h"
#include "layout.h"
#include "markdown.h"
#include "pdf-parts.h"

/* Pages are laid out twice, and every line of text is kept; a report of 200 events and 40 findings takes some 5 MB. */
#define MEMORY_MAX ((size_t)512 * 1024 * 1024)
#define MARKDOWN_MAX ((size_t)64 * 1024 * 1024)

static void on_error(HPDF_STATUS number, HPDF_STATUS detail, void *arg)
{
	struct pdf *pdf = arg;

	(void)detail;
	if (pdf->first == 0)
		pdf->first = number;
}

/* NaN writes garbage into the page and infinities clamp silently. */
static float number(double value)
{
	if (!isfinite(value) || value < -10000 || value > 10000)
		return 0;
	return (float)(round(value * 100) / 100);
}

/* ---- Drawing. */

static void set_fill(struct pdf *pdf, uint32_t c)
{
	(void)HPDF_Page_SetRGBFill(pdf->page, (float)(c >> 16 & 255) / 255, (float)(c >> 8 & 255) / 255, (float)(c & 255) / 255);
}

static void set_stroke(struct pdf *pdf, const struct paint *paint)
{
	uint32_t c = paint->stroke;
	HPDF_UINT16 dashes[] = { (HPDF_UINT16)paint->dash, (HPDF_UINT16)paint->gap };

	(void)HPDF_Page_SetRGBStroke(pdf->page, (float)(c >> 16 & 255) / 255, (float)(c >> 8 & 255) / 255, (float)(c & 255) / 255);
	(void)HPDF_Page_SetLineWidth(pdf->page, number(paint->width > 0.1 ? paint->width : 0.1));
	(void)HPDF_Page_SetDash(pdf->page, paint->dash > 0 ? dashes : NULL, paint->dash > 0 ? 2 : 0, 0);
}

static void end_path(struct pdf *pdf, const struct paint *paint)
{
	if (paint->fill != NO_COLOUR && paint->stroke != NO_COLOUR)
		(void)HPDF_Page_FillStroke(pdf->page);
	else if (paint->fill != NO_COLOUR)
		(void)HPDF_Page_Fill(pdf->page);
	else
		(void)HPDF_Page_Stroke(pdf->page);
}

/* Colour and width come before the path: afterwards libharu refuses them. */
static bool begin_path(struct pdf *pdf, const struct paint *paint)
{
	if (paint->fill == NO_COLOUR && paint->stroke == NO_COLOUR)
		return false;
	tree_content(pdf, false);
	if (paint->fill != NO_COLOUR)
		set_fill(pdf, paint->fill);
	if (paint->stroke != NO_COLOUR)
		set_stroke(pdf, paint);
	return true;
}

static void draw_path(struct pdf *pdf, const struct op *op)
{
	if (!begin_path(pdf, &op->paint))
		return;
	(void)HPDF_Page_MoveTo(pdf->page, number(op->points[0].x), number(pdf->height - op->points[0].y));
	for (size_t i = 1; i < op->n; i++)
		(void)HPDF_Page_LineTo(pdf->page, number(op->points[i].x), number(pdf->height - op->points[i].y));
	if (!op->paint.open)
		(void)HPDF_Page_ClosePath(pdf->page);
	end_path(pdf, &op->paint);
}

static void draw_circle(struct pdf *pdf, const struct op *op)
{
	if (!begin_path(pdf, &op->paint))
		return;
	(void)HPDF_Page_Circle(pdf->page, number(op->x), number(pdf->height - op->y), number(op->width));
	end_path(pdf, &op->paint);
}

/* DejaVu loses double accents in this version unless the letters and accents they are made of were used once. */
static void use_accents(struct pdf *pdf, const char *text)
{
	const char *at = text, *end = text + strlen(text);
	struct buf parts;
	bool found = false;
	uint32_t c;

	while (!found && (c = utf8_next(&at, end)) != 0)
		found = (c >= 0x01CD && c <= 0x0233) || (c >= 0x1E00 && c <= 0x1EFF);
	if (!found)
		return;
	buf_init(&parts, 4096);
	for (c = 0xC0; c <= 0x17F; c++)
		utf8_put(&parts, c);
	for (c = 0x300; c <= 0x36F; c++)
		utf8_put(&parts, c);
	for (int i = 0; i < 2 && parts.data != NULL; i++)
		(void)HPDF_Font_TextWidth(pdf->face[i], (const HPDF_BYTE *)parts.data, (HPDF_UINT)parts.len);
	buf_free(&parts);
}

/* A no-break space is drawn as a plain one, so that what is copied out of the page is one too; and a space ends each text that the next
 * one does not go on from, so that words of two lines or cells do not run together for who extracts them. */
static const char *text_to_draw(struct pdf *pdf, const struct op *op)
{
	size_t n = strlen(op->text), k = 0;
	char *copy = arena_alloc(pdf->arena, n + 2);

	if (copy == NULL) {
		pdf_fail(pdf);
		return op->text;
	}
	for (size_t i = 0; i < n; i++) {
		bool space = (unsigned char)op->text[i] == 0xC2 && (unsigned char)op->text[i + 1] == 0xA0;

		copy[k++] = space ? ' ' : op->text[i];
		i += space;
	}
	if (!op->joined && k > 0 && copy[k - 1] != ' ')
		copy[k++] = ' ';
	copy[k] = '\0';
	return copy;
}

static void draw_text(struct pdf *pdf, const struct op *op)
{
	tree_content(pdf, true);
	use_accents(pdf, op->text);
	set_fill(pdf, op->font.colour);
	(void)HPDF_Page_BeginText(pdf->page);
	(void)HPDF_Page_SetFontAndSize(pdf->page, pdf->face[op->font.bold], number(op->font.size));
	if (op->kind == OP_HIDDEN)
		(void)HPDF_Page_SetTextRenderingMode(pdf->page, HPDF_INVISIBLE);
	(void)HPDF_Page_TextOut(pdf->page, number(op->x), number(pdf->height - op->y), text_to_draw(pdf, op));
	if (op->kind == OP_HIDDEN)
		(void)HPDF_Page_SetTextRenderingMode(pdf->page, HPDF_FILL);
	(void)HPDF_Page_EndText(pdf->page);
}

static void draw_outline(struct pdf *pdf, const struct op *op)
{
	HPDF_Outline entry = HPDF_CreateOutline(pdf->doc, NULL, op->text, pdf->encoder);
	HPDF_Destination to = HPDF_Page_CreateDestination(pdf->page);

	if (entry == NULL || to == NULL) {
		pdf_fail(pdf);
		return;
	}
	(void)HPDF_Destination_SetXYZ(to, 0, number(pdf->height - op->y + 10), 1);
	(void)HPDF_Outline_SetDestination(entry, to);
}

static void draw_op(struct pdf *pdf, const struct op *op)
{
	switch (op->kind) {
	case OP_TEXT:
	case OP_HIDDEN:
		draw_text(pdf, op);
		break;
	case OP_PATH:
		draw_path(pdf, op);
		break;
	case OP_CIRCLE:
		draw_circle(pdf, op);
		break;
	case OP_OPEN:
		tree_open(pdf, op->tag, op->text);
		break;
	case OP_CLOSE:
		tree_close(pdf);
		break;
	case OP_LINK:
		if (places_have(pdf, op->text))
			pdf_link(pdf, op);
		break;
	case OP_OUTLINE:
		draw_outline(pdf, op);
		break;
	case OP_PLACE:
		break;
	}
}

/* ---- The file. */

/* libharu 2.3.0 writes a malformed ToUnicode map (cidrange where bfrange belongs): text could not be searched or copied. Codes are
 * UTF-16 units here, so that the right map is the identity, in ranges of one high byte (Adobe Technical Note 5411). */
static void mend_unicode(HPDF_Font font)
{
	HPDF_FontAttr attr = (HPDF_FontAttr)font->attr;
	HPDF_Stream stream = attr->cmap_stream == NULL ? NULL : attr->cmap_stream->stream;
	char line[64];

	if (stream == NULL)
		return;
	HPDF_MemStream_FreeData(stream);
	(void)HPDF_Stream_WriteStr(stream, "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
					   "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
					   "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
					   "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n");
	for (unsigned high = 0; high < 256; high++) {
		if (high % 64 == 0)
			(void)HPDF_Stream_WriteStr(stream, "64 beginbfrange\n");
		(void)snprintf(line, sizeof line, "<%02X00> <%02XFF> <%02X00>\n", high, high, high);
		(void)HPDF_Stream_WriteStr(stream, line);
		if (high % 64 == 63)
			(void)HPDF_Stream_WriteStr(stream, "endbfrange\n");
	}
	(void)HPDF_Stream_WriteStr(stream, "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
}

static void note_drawn(uint16_t (*drawn)[256], const char *text)
{
	const char *at = text, *end = text + strlen(text);
	uint32_t c;

	while ((c = utf8_next(&at, end)) != 0)
		if (c < 0xFFFF)
			drawn[c >> 8][c & 0xFF] = (uint16_t)c;
}

/* The encoder's map, which libharu fills with all 65536 characters, is cut down to what the pages draw. A font's widths and glyphs are made
 * from it if the encoder is of libharu's general kind, and for each character there is otherwise, which takes a fifth of the whole report's
 * time and 60 KB of the file: so while the fonts are made the encoder passes for one of that kind. */
static HPDF_Encoder_ToUnicode_Func narrow(struct pdf *pdf)
{
	HPDF_CMapEncoderAttr attr = (HPDF_CMapEncoderAttr)pdf->encoder->attr;
	HPDF_Encoder_ToUnicode_Func own = pdf->encoder->to_unicode_fn;

	memset(attr->cid_map, 0, sizeof attr->cid_map);
	note_drawn(attr->cid_map, " ");
	for (size_t i = 0; i < pdf->pages->n; i++)
		for (size_t k = 0; k < pdf->pages->v[i].n; k++)
			if (pdf->pages->v[i].ops[k].kind == OP_TEXT || pdf->pages->v[i].ops[k].kind == OP_HIDDEN)
				note_drawn(attr->cid_map, pdf->pages->v[i].ops[k].text);
	/* It leaves the last one out. */
	for (unsigned c = 0xFFFE; c > 0; c--)
		if (attr->cid_map[c >> 8][c & 0xFF] != 0) {
			attr->cid_map[(c + 1) >> 8][(c + 1) & 0xFF] = (HPDF_UINT16)(c + 1);
			break;
		}
	memcpy(attr->unicode_map, attr->cid_map, sizeof attr->unicode_map);
	pdf->encoder->to_unicode_fn = HPDF_CMapEncoder_ToUnicode;
	return own;
}

static int begin(struct pdf *pdf, const struct fonts *fonts, struct error *err)
{
	HPDF_Encoder_ToUnicode_Func own;

	pdf->doc = HPDF_New(on_error, pdf);
	if (pdf->doc == NULL)
		return error_nomem(err);
	(void)HPDF_SetCompressionMode(pdf->doc, HPDF_COMP_ALL);
	pdf->doc->pdf_version = HPDF_VER_17;
	(void)HPDF_UseUTFEncodings(pdf->doc);
	pdf->encoder = HPDF_GetEncoder(pdf->doc, "UTF-8");
	if (pdf->encoder == NULL)
		return error_nomem(err);
	own = narrow(pdf);
	for (int i = 0; i < 2; i++) {
		const char *name = HPDF_LoadTTFontFromFile(pdf->doc, fonts->face[i].path, HPDF_TRUE);

		pdf->face[i] = name == NULL ? NULL : HPDF_GetFont(pdf->doc, name, "UTF-8");
		if (pdf->face[i] == NULL)
			return error_set(err, "%s: libharu cannot use this font (0x%04lX)", fonts->face[i].path, (unsigned long)pdf->first);
		mend_unicode(pdf->face[i]);
	}
	pdf->encoder->to_unicode_fn = own;
	return 0;
}

/* The evidence's time, never the wall's: same evidence, same bytes. */
static void set_date(struct pdf *pdf, HPDF_InfoType which, int64_t instant)
{
	time_t seconds = (time_t)(instant / NS_PER_S);
	struct tm tm;
	HPDF_Date date = { .ind = 'Z' };

	if (gmtime_r(&seconds, &tm) == NULL)
		return;
	date.year = tm.tm_year + 1900;
	date.month = tm.tm_mon + 1;
	date.day = tm.tm_mday;
	date.hour = tm.tm_hour;
	date.minutes = tm.tm_min;
	date.seconds = tm.tm_sec;
	(void)HPDF_SetInfoDateAttr(pdf->doc, which, date);
}

static void set_info(struct pdf *pdf, const struct doc *doc)
{
	/* As on the pages: what the file's viewer shows in its title bar must be drawable too. */
	struct flow title = flow_plain(pdf->arena, pdf->pages->fonts, doc->title);

	(void)HPDF_SetCurrentEncoder(pdf->doc, "UTF-8");
	(void)HPDF_SetInfoAttr(pdf->doc, HPDF_INFO_TITLE, title.bytes);
	(void)HPDF_SetInfoAttr(pdf->doc, HPDF_INFO_SUBJECT, "Canary rollout evidence");
	if (doc->keywords != NULL)
		(void)HPDF_SetInfoAttr(pdf->doc, HPDF_INFO_KEYWORDS, doc->keywords);
	set_date(pdf, HPDF_INFO_CREATION_DATE, doc->dated);
	set_date(pdf, HPDF_INFO_MOD_DATE, doc->dated);
}

static void set_id(struct pdf *pdf, const struct doc *doc)
{
	HPDF_Array ids = pdf_array(pdf);
	HPDF_BYTE id[16];

	memcpy(id, doc->digest, sizeof id);
	for (int i = 0; i < 2; i++)
		pdf_push(pdf, ids, HPDF_Binary_New(pdf->doc->mmgr, id, sizeof id));
	pdf_put(pdf, pdf->doc->trailer, "ID", ids);
}

static int save(struct pdf *pdf, struct buf *out, struct error *err)
{
	HPDF_BYTE chunk[65536];
	HPDF_UINT32 n;

	if (pdf->first == 0 && HPDF_SaveToStream(pdf->doc) == HPDF_OK) {
		(void)HPDF_ResetStream(pdf->doc);
		do {
			n = sizeof chunk;
			(void)HPDF_ReadFromStream(pdf->doc, chunk, &n);
			buf_append(out, chunk, n);
		} while (n == sizeof chunk);
	}
	/* Reading to the end of the stream is no error. */
	if (pdf->first != 0 && pdf->first != HPDF_STREAM_EOF)
		return error_set(err, "report.pdf: libharu failed with 0x%04lX", (unsigned long)pdf->first);
	return buf_check(out, "report.pdf", err);
}

static void add_pages(struct pdf *pdf)
{
	pdf->page_of = arena_alloc(pdf->arena, (pdf->pages->n + 1) * sizeof(HPDF_Page));
	for (size_t i = 0; i < pdf->pages->n && pdf->page_of != NULL; i++) {
		pdf->page_of[i] = HPDF_AddPage(pdf->doc);
		if (pdf->page_of[i] == NULL)
			break;
		(void)HPDF_Page_SetWidth(pdf->page_of[i], number(pdf->pages->width));
		(void)HPDF_Page_SetHeight(pdf->page_of[i], number(pdf->pages->height));
	}
	if (pdf->page_of == NULL || pdf->page_of[pdf->pages->n - 1] == NULL)
		pdf_fail(pdf);
}

static void draw(struct pdf *pdf)
{
	places_find(pdf);
	add_pages(pdf);
	tree_begin(pdf);
	for (size_t i = 0; i < pdf->pages->n && pdf->first == 0; i++) {
		pdf->page = pdf->page_of[i];
		tree_begin_page(pdf);
		for (size_t k = 0; k < pdf->pages->v[i].n && pdf->first == 0; k++)
			draw_op(pdf, &pdf->pages->v[i].ops[k]);
		tree_end_page(pdf, i);
	}
	if (pdf->first == 0)
		tree_end(pdf);
}

static int make_file(struct buf *out, const struct doc *doc, const struct pages *pages, struct error *err)
{
	struct pdf pdf = { .arena = pages->arena, .pages = pages, .height = pages->height };
	struct buf markdown;
	int rc = -1;

	buf_init(&markdown, MARKDOWN_MAX);
	if (begin(&pdf, pages->fonts, err) < 0 || markdown_render(&markdown, doc, err) < 0)
		goto out;
	set_info(&pdf, doc);
	draw(&pdf);
	if (pdf.first == 0) {
		pdf_names(&pdf, "report.md", markdown.data, markdown.len);
		set_id(&pdf, doc);
	}
	rc = save(&pdf, out, err);
out:
	buf_free(&markdown);
	if (pdf.doc != NULL)
		HPDF_Free(pdf.doc);
	return rc;
}

int pdf_render(struct buf *out, const struct package *package, struct error *err)
{
	/* ISO 216 A4, ANSI Letter; points. */
	static const struct point sizes[] = { [PAPER_A4] = { 595.28, 841.89 }, [PAPER_LETTER] = { 612, 792 } };
	struct arena *arena = arena_new(MEMORY_MAX);
	struct fonts fonts;
	struct pages pages;
	int rc = -1;

	if (arena == NULL)
		return error_nomem(err);
	if (fonts_load(&fonts, package->fonts, err) < 0) {
		arena_free(arena);
		return -1;
	}
	pages_init(&pages, arena, &fonts, sizes[package->paper].x, sizes[package->paper].y);
	if (layout_pages(&pages, package->doc, err) == 0)
		rc = make_file(out, package->doc, &pages, err);
	fonts_free(&fonts);
	arena_free(arena);
	return rc;
}

const char *pdf_library(void)
{
	return HPDF_GetVersion();
}
