#include "flow.h"

#include <stdint.h>
#include <string.h>

#include "font.h"
#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/doc.h"
#include "gonogo/utf8.h"

/* Above the longest text of a document (doc.c) with every character named as not drawable. */
#define FLOW_MAX ((size_t)4 * 1024 * 1024)
#define PIECES_MAX ((size_t)4096)

/* Right to left, or of the scripts of South and East Asia: these want shaping or another font (Unicode blocks). */
static bool is_unshapable(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} blocks[] = { { 0x0590, 0x08FF }, { 0x0900, 0x0E7F }, { 0x1100, 0x11FF }, { 0x2E80, 0x9FFF }, { 0xA960, 0xD7FF },
		       { 0xF900, 0xFAFF }, { 0xFB1D, 0xFDFF }, { 0xFE70, 0xFEFE }, { 0xFF00, 0xFFEF }, { 0x20000, 0x3FFFF } };

	for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
		if (c >= blocks[i].from && c <= blocks[i].to)
			return true;
	return false;
}

static void put_run(struct buf *out, size_t n)
{
	if (n > 0)
		buf_printf(out, "⟨%zu character%s not drawable⟩", n, n == 1 ? "" : "s");
}

static void put_drawable(struct buf *out, const struct fonts *fonts, const char *text)
{
	const char *at = text, *end = text + strlen(text);
	size_t run = 0;
	uint32_t c;

	while ((c = utf8_next(&at, end)) != 0) {
		if (is_unshapable(c)) {
			run++;
			continue;
		}
		put_run(out, run);
		run = 0;
		if (c == 0xA0 || font_has(fonts, c))
			utf8_put(out, c);
		else
			buf_printf(out, "⟨U+%04X⟩", c);
	}
	put_run(out, run);
}

struct maker {
	struct buf bytes;
	struct piece *pieces;
	size_t n;
};

static void add_piece(struct maker *m, const struct fonts *fonts, const char *text, bool bold, const char *link)
{
	size_t from = m->bytes.len;
	struct piece *last = m->n > 0 ? &m->pieces[m->n - 1] : NULL;

	put_drawable(&m->bytes, fonts, text);
	if (m->bytes.len == from || m->bytes.failed)
		return;
	if (last != NULL && (m->n == PIECES_MAX || (link == NULL && last->link == NULL && last->bold == bold)))
		last->to = m->bytes.len;
	else
		m->pieces[m->n++] = (struct piece){ from, m->bytes.len, bold, link };
}

static void add_cite(struct maker *m, const struct fonts *fonts, const struct span *span, const struct span *before, bool bare)
{
	bool first = before == NULL || before->kind != SPAN_CITE, last = span->next == NULL || span->next->kind != SPAN_CITE;

	if (!bare)
		add_piece(m, fonts, !first ? ", " : before != NULL ? " [" : "[", false, NULL);
	add_piece(m, fonts, span->text, bare, strcmp(span->text, "…") == 0 ? NULL : span->text);
	if (last && !bare)
		add_piece(m, fonts, "]", false, NULL);
}

static struct flow finish(struct arena *arena, struct maker *m)
{
	struct flow flow = { .bytes = "" };

	if (m->bytes.len > 0 && !m->bytes.failed) {
		flow = (struct flow){ .pieces = m->pieces, .n_pieces = m->n, .len = m->bytes.len };
		flow.bytes = arena_strndup(arena, m->bytes.data, m->bytes.len);
	}
	if (flow.bytes == NULL)
		flow = (struct flow){ .bytes = "" };
	buf_free(&m->bytes);
	return flow;
}

static bool begin(struct maker *m, struct arena *arena, size_t spans)
{
	size_t most = 3 * spans + 1 < PIECES_MAX ? 3 * spans + 1 : PIECES_MAX;

	*m = (struct maker){ .pieces = arena_alloc(arena, most * sizeof *m->pieces) };
	buf_init(&m->bytes, FLOW_MAX);
	return m->pieces != NULL;
}

struct flow flow_of(struct arena *arena, const struct fonts *fonts, const struct text *text, bool bare)
{
	const struct span *before = NULL;
	struct maker m;
	size_t n = 0;

	for (const struct span *s = text->first; s != NULL; s = s->next)
		n++;
	if (!begin(&m, arena, n))
		return (struct flow){ .bytes = "" };
	for (const struct span *s = text->first; s != NULL; before = s, s = s->next) {
		if (s->kind == SPAN_CITE)
			add_cite(&m, fonts, s, before, bare && n == 1);
		else
			add_piece(&m, fonts, s->text, s->kind == SPAN_BOLD, NULL);
	}
	return finish(arena, &m);
}

struct flow flow_plain(struct arena *arena, const struct fonts *fonts, const char *text)
{
	struct maker m;

	if (!begin(&m, arena, 1))
		return (struct flow){ .bytes = "" };
	add_piece(&m, fonts, text == NULL ? "" : text, false, NULL);
	return finish(arena, &m);
}

static bool breaks_after(char c)
{
	return c != '\0' && strchr("/:-_.@", c) != NULL;
}

static bool is_bold_at(const struct flow *flow, size_t at, size_t *piece)
{
	while (*piece + 1 < flow->n_pieces && at >= flow->pieces[*piece].to)
		(*piece)++;
	return *piece < flow->n_pieces && flow->pieces[*piece].bold;
}

size_t flow_line(const struct flow *flow, const struct fonts *fonts, size_t at, double width, bool bold, double size, size_t *next)
{
	size_t i = at, space = 0, sign = 0, end, piece = 0;
	double used = 0;

	while (i < flow->len) {
		const char *p = flow->bytes + i;
		size_t n;

		(void)utf8_next(&p, flow->bytes + flow->len);
		n = (size_t)(p - flow->bytes) - i;
		used += font_width(fonts, bold || is_bold_at(flow, i, &piece), size, flow->bytes + i, n);
		if (flow->bytes[i] == ' ')
			space = i;
		else if (used > width + 0.001 && i > at)
			break;
		else if (breaks_after(flow->bytes[i]))
			sign = i + n;
		i += n;
	}
	end = i >= flow->len ? flow->len : space > at ? space : sign > at ? sign : i;
	*next = end;
	while (*next < flow->len && flow->bytes[*next] == ' ')
		(*next)++;
	while (end > at && flow->bytes[end - 1] == ' ')
		end--;
	return end;
}

double flow_width(const struct flow *flow, const struct fonts *fonts, size_t from, size_t to, bool bold, double size)
{
	double sum = 0;

	for (size_t i = 0; i < flow->n_pieces; i++) {
		size_t a = flow->pieces[i].from > from ? flow->pieces[i].from : from, b = flow->pieces[i].to < to ? flow->pieces[i].to : to;

		if (a < b)
			sum += font_width(fonts, bold || flow->pieces[i].bold, size, flow->bytes + a, b - a);
	}
	return sum;
}

/* Byte offset of the n-th code point. */
static size_t offset_of(const char *text, size_t n)
{
	const char *at = text, *end = text + strlen(text);

	while (n-- > 0 && at < end)
		(void)utf8_next(&at, end);
	return (size_t)(at - text);
}

static char *keep_ends(struct arena *arena, const char *text, size_t all, size_t keep)
{
	size_t head = (keep * 2 + 4) / 5, tail = keep - head;

	return arena_printf(arena, "%.*s…%s", (int)offset_of(text, head), text, text + offset_of(text, all - tail));
}

const char *flow_shorten(struct arena *arena, const struct fonts *fonts, const char *drawable, double width, bool bold, double size)
{
	size_t all = utf8_length(drawable), low = 0, high = all == 0 ? 0 : all - 1;
	const char *best = "…";

	if (font_width(fonts, bold, size, drawable, strlen(drawable)) <= width)
		return drawable;
	/* The most code points that fit; widths grow with their number nearly always, so that bisection serves. */
	while (low < high) {
		size_t keep = (low + high + 1) / 2;
		char *text = keep_ends(arena, drawable, all, keep);

		if (text == NULL)
			return NULL;
		if (font_width(fonts, bold, size, text, strlen(text)) <= width) {
			best = text;
			low = keep;
		} else {
			high = keep - 1;
		}
	}
	return best;
}
