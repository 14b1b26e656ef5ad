/* The one place that knows libharu. */
#include "pdf.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Without HPDF_SHARED the object layer is open (facts of libharu: the ToUnicode map must be replaced). */
#include <hpdf.h>

#include "canvas.h"
#include "gonogo/buf.h"
#include "gonogo/doc.h"
#include "gonogo/error.h"
#include "layout.h"

#define FONT_FOLDER "/usr/share/fonts/truetype/dejavu"

struct pdf {
	HPDF_Doc doc;
	HPDF_Page page;
	HPDF_Font regular, bold;
	HPDF_Encoder encoder;
	HPDF_STATUS first; /* libharu's first error: every later call fails with 0x1025 */
	double height;
	bool counting; /* pages are counted, nothing is drawn */
	bool fresh; /* the page that begin() made is still unused */
};

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

static HPDF_RGBColor colour_of(uint32_t c)
{
	return (HPDF_RGBColor){ (float)(c >> 16 & 255) / 255, (float)(c >> 8 & 255) / 255, (float)(c & 255) / 255 };
}

static double measure(void *self, bool bold, double size, const char *text)
{
	struct pdf *pdf = self;
	HPDF_TextWidth w = HPDF_Font_TextWidth(bold ? pdf->bold : pdf->regular, (const HPDF_BYTE *)text, (HPDF_UINT)strlen(text));

	return (double)w.width * size / 1000;
}

static void page(void *self)
{
	struct pdf *pdf = self;
	float width = HPDF_Page_GetWidth(pdf->page), height = (float)pdf->height;

	if (pdf->counting)
		return;
	if (pdf->fresh) {
		pdf->fresh = false;
		return;
	}
	pdf->page = HPDF_AddPage(pdf->doc);
	(void)HPDF_Page_SetWidth(pdf->page, width);
	(void)HPDF_Page_SetHeight(pdf->page, height);
}

static void draw_text(void *self, double x, double y, bool bold, double size, uint32_t colour, const char *text)
{
	struct pdf *pdf = self;
	HPDF_RGBColor c = colour_of(colour);
	char plain[4096];
	size_t n = 0;

	if (pdf->counting)
		return;
	/* A no-break space is drawn as a plain one, so that what is copied out of the page is one too. */
	for (const char *p = text; *p != '\0' && n + 2 < sizeof plain; p++) {
		if ((unsigned char)p[0] == 0xC2 && (unsigned char)p[1] == 0xA0) {
			plain[n++] = ' ';
			p++;
		} else {
			plain[n++] = *p;
		}
	}
	plain[n] = '\0';
	(void)HPDF_Page_SetRGBFill(pdf->page, c.r, c.g, c.b);
	(void)HPDF_Page_BeginText(pdf->page);
	(void)HPDF_Page_SetFontAndSize(pdf->page, bold ? pdf->bold : pdf->regular, number(size));
	(void)HPDF_Page_TextOut(pdf->page, number(x), number(pdf->height - y), plain);
	(void)HPDF_Page_EndText(pdf->page);
}

static void set_stroke(struct pdf *pdf, uint32_t colour, double width)
{
	HPDF_RGBColor c = colour_of(colour);

	(void)HPDF_Page_SetRGBStroke(pdf->page, c.r, c.g, c.b);
	(void)HPDF_Page_SetLineWidth(pdf->page, number(width > 0.1 ? width : 0.1));
}

static void path(struct pdf *pdf, const struct point *points, size_t n)
{
	(void)HPDF_Page_MoveTo(pdf->page, number(points[0].x), number(pdf->height - points[0].y));
	for (size_t i = 1; i < n; i++)
		(void)HPDF_Page_LineTo(pdf->page, number(points[i].x), number(pdf->height - points[i].y));
}

static void polyline(void *self, const struct point *points, size_t n, double width, uint32_t colour)
{
	struct pdf *pdf = self;

	if (pdf->counting || n < 2)
		return;
	set_stroke(pdf, colour, width);
	path(pdf, points, n);
	(void)HPDF_Page_Stroke(pdf->page);
}

static void line(void *self, struct point from, struct point to, double width, uint32_t colour)
{
	const struct point points[] = { from, to };

	polyline(self, points, 2, width, colour);
}

static void set_paint(struct pdf *pdf, uint32_t fill, uint32_t stroke, double width)
{
	HPDF_RGBColor c = colour_of(fill);

	if (fill != NO_COLOUR)
		(void)HPDF_Page_SetRGBFill(pdf->page, c.r, c.g, c.b);
	if (stroke != NO_COLOUR)
		set_stroke(pdf, stroke, width);
}

static void paint(struct pdf *pdf, uint32_t fill, uint32_t stroke)
{
	if (fill != NO_COLOUR && stroke != NO_COLOUR)
		(void)HPDF_Page_FillStroke(pdf->page);
	else if (fill != NO_COLOUR)
		(void)HPDF_Page_Fill(pdf->page);
	else
		(void)HPDF_Page_Stroke(pdf->page);
}

static void polygon(void *self, const struct point *points, size_t n, uint32_t fill, uint32_t stroke, double width)
{
	struct pdf *pdf = self;

	if (pdf->counting || n < 2 || (fill == NO_COLOUR && stroke == NO_COLOUR))
		return;
	set_paint(pdf, fill, stroke, width);
	path(pdf, points, n);
	(void)HPDF_Page_ClosePath(pdf->page);
	paint(pdf, fill, stroke);
}

static void circle(void *self, struct point centre, double radius, uint32_t fill, uint32_t stroke, double width)
{
	struct pdf *pdf = self;

	if (pdf->counting)
		return;
	set_paint(pdf, fill, stroke, width);
	(void)HPDF_Page_Circle(pdf->page, number(centre.x), number(pdf->height - centre.y), number(radius));
	paint(pdf, fill, stroke);
}

static void outline(void *self, double y, const char *title)
{
	struct pdf *pdf = self;
	HPDF_Outline entry;
	HPDF_Destination to;

	if (pdf->counting)
		return;
	entry = HPDF_CreateOutline(pdf->doc, NULL, title, pdf->encoder);
	to = HPDF_Page_CreateDestination(pdf->page);
	if (entry == NULL || to == NULL)
		return;
	(void)HPDF_Destination_SetXYZ(to, 0, number(pdf->height - y + 20), 1);
	(void)HPDF_Outline_SetDestination(entry, to);
}

/* ---- The file. */

static HPDF_Font load_font(struct pdf *pdf, const char *file)
{
	char name[256];
	const char *loaded;

	(void)snprintf(name, sizeof name, "%s/%s", FONT_FOLDER, file);
	if (access(name, R_OK) != 0)
		return NULL;
	loaded = HPDF_LoadTTFontFromFile(pdf->doc, name, HPDF_TRUE);
	return loaded == NULL ? NULL : HPDF_GetFont(pdf->doc, loaded, "UTF-8");
}

/* The evidence's time, never the wall's: same evidence, same bytes. */
static void set_date(struct pdf *pdf, HPDF_InfoType which, int64_t instant)
{
	time_t seconds = (time_t)(instant / NS_PER_S);
	struct tm tm;
	HPDF_Date date = { 0 };

	if (gmtime_r(&seconds, &tm) == NULL)
		return;
	date.year = tm.tm_year + 1900;
	date.month = tm.tm_mon + 1;
	date.day = tm.tm_mday;
	date.hour = tm.tm_hour;
	date.minutes = tm.tm_min;
	date.seconds = tm.tm_sec;
	date.ind = 'Z';
	(void)HPDF_SetInfoDateAttr(pdf->doc, which, date);
}

static void set_info(struct pdf *pdf, const struct doc *doc)
{
	(void)HPDF_SetCurrentEncoder(pdf->doc, "UTF-8");
	(void)HPDF_SetInfoAttr(pdf->doc, HPDF_INFO_TITLE, doc->title);
	(void)HPDF_SetInfoAttr(pdf->doc, HPDF_INFO_SUBJECT, "Canary rollout evidence");
	(void)HPDF_SetInfoAttr(pdf->doc, HPDF_INFO_KEYWORDS, verdict_name(doc->a->verdict));
	set_date(pdf, HPDF_INFO_CREATION_DATE, doc->a->evaluated_at);
	set_date(pdf, HPDF_INFO_MOD_DATE, doc->a->evaluated_at);
}

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

static int begin(struct pdf *pdf, enum paper paper, struct error *err)
{
	pdf->doc = HPDF_New(on_error, pdf);
	if (pdf->doc == NULL)
		return error_nomem(err);
	(void)HPDF_SetCompressionMode(pdf->doc, HPDF_COMP_ALL);
	(void)HPDF_UseUTFEncodings(pdf->doc);
	pdf->encoder = HPDF_GetEncoder(pdf->doc, "UTF-8");
	pdf->regular = load_font(pdf, "DejaVuSansCondensed.ttf");
	pdf->bold = load_font(pdf, "DejaVuSansCondensed-Bold.ttf");
	if (pdf->regular == NULL || pdf->bold == NULL)
		return error_code(err, ERR_NOT_FOUND,
				  "report.pdf: the font DejaVu Sans Condensed is not in %s: install the package fonts-dejavu-extra",
				  FONT_FOLDER);
	mend_unicode(pdf->regular);
	mend_unicode(pdf->bold);
	pdf->page = HPDF_AddPage(pdf->doc);
	(void)HPDF_Page_SetSize(pdf->page, paper == PAPER_LETTER ? HPDF_PAGE_SIZE_LETTER : HPDF_PAGE_SIZE_A4, HPDF_PAGE_PORTRAIT);
	pdf->height = (double)HPDF_Page_GetHeight(pdf->page);
	pdf->fresh = true;
	return 0;
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

static int draw(struct pdf *pdf, const struct doc *doc)
{
	struct canvas canvas = { .self = pdf,
				 .height = pdf->height,
				 .measure = measure,
				 .page = page,
				 .text = draw_text,
				 .line = line,
				 .polygon = polygon,
				 .polyline = polyline,
				 .circle = circle,
				 .outline = outline };
	int pages;

	canvas.width = (double)HPDF_Page_GetWidth(pdf->page);
	pdf->counting = true;
	pages = layout_draw(doc, &canvas, 0);
	pdf->counting = false;
	return layout_draw(doc, &canvas, pages);
}

int pdf_render(struct buf *out, const struct doc *doc, enum paper paper, struct error *err)
{
	struct pdf pdf = { 0 };
	int rc = -1;

	if (begin(&pdf, paper, err) == 0) {
		set_info(&pdf, doc);
		(void)draw(&pdf, doc);
		rc = save(&pdf, out, err);
	}
	if (pdf.doc != NULL)
		HPDF_Free(pdf.doc);
	return rc;
}

const char *pdf_library(void)
{
	return HPDF_GetVersion();
}
