#include "page.h"

#include <string.h>

#include "font.h"
#include "gonogo/arena.h"

/* A page of text has some 1500 operations, one of dense charts some 3000. */
#define OPS_MAX ((size_t)200000)

void pages_init(struct pages *pages, struct arena *arena, const struct fonts *fonts, double width, double height)
{
	*pages = (struct pages){ .arena = arena, .fonts = fonts, .width = width, .height = height };
}

void pages_add(struct pages *pages)
{
	struct page *grown;

	if (pages->muted)
		return;
	grown = arena_grow(pages->arena, pages->v, pages->n, &pages->cap, sizeof *grown);
	if (grown == NULL) {
		pages->failed = true;
		return;
	}
	pages->v = grown;
	pages->at = pages->n;
	pages->v[pages->n++] = (struct page){ 0 };
}

static void add(struct pages *pages, const struct op *op)
{
	struct page *page;
	struct op *grown;

	if (pages->muted || pages->at >= pages->n)
		return;
	page = &pages->v[pages->at];
	grown = page->n < OPS_MAX ? arena_grow(pages->arena, page->ops, page->n, &page->cap, sizeof *grown) : NULL;
	if (grown == NULL) {
		pages->failed = true;
		return;
	}
	page->ops = grown;
	page->ops[page->n++] = *op;
}

static const char *copy_text(struct pages *pages, const char *text)
{
	char *copy = pages->muted || text == NULL ? NULL : arena_strdup(pages->arena, text);

	if (copy == NULL && text != NULL && !pages->muted)
		pages->failed = true;
	return copy;
}

static void on_text(void *self, double x, double y, const struct font_use *font, const char *text)
{
	struct pages *pages = self;
	struct op op = { .kind = OP_TEXT, .y = y, .font = *font, .joined = pages->joined };

	if (pages->muted || text == NULL || *text == '\0')
		return;
	op.width = font_width(pages->fonts, font->bold, font->size, text, strlen(text));
	op.x = font->anchor == ANCHOR_END ? x - op.width : font->anchor == ANCHOR_MIDDLE ? x - op.width / 2 : x;
	op.font.anchor = ANCHOR_START;
	op.text = copy_text(pages, text);
	if (op.text != NULL)
		add(pages, &op);
}

static void on_path(void *self, const struct point *points, size_t n, const struct paint *paint)
{
	struct pages *pages = self;
	struct point *copy;

	if (pages->muted || n < 2)
		return;
	copy = arena_alloc(pages->arena, n * sizeof *copy);
	if (copy == NULL) {
		pages->failed = true;
		return;
	}
	memcpy(copy, points, n * sizeof *copy);
	add(pages, &(struct op){ .kind = OP_PATH, .paint = *paint, .points = copy, .n = n });
}

static void on_circle(void *self, struct point centre, double radius, const struct paint *paint)
{
	add(self, &(struct op){ .kind = OP_CIRCLE, .x = centre.x, .y = centre.y, .width = radius, .paint = *paint });
}

struct canvas pages_canvas(struct pages *pages)
{
	return (struct canvas){ .self = pages, .text = on_text, .path = on_path, .circle = on_circle };
}

void page_open(struct pages *pages, enum tag tag, const char *alt)
{
	add(pages, &(struct op){ .kind = OP_OPEN, .tag = tag, .text = copy_text(pages, alt) });
}

void page_close(struct pages *pages)
{
	add(pages, &(struct op){ .kind = OP_CLOSE });
}

void page_hidden(struct pages *pages, double x, double y, double size, const char *text)
{
	struct font_use font = { .size = size, .colour = INK };

	add(pages, &(struct op){ .kind = OP_HIDDEN, .x = x, .y = y, .text = copy_text(pages, text), .font = font });
}

void page_link(struct pages *pages, double x, double y, double width, double height, const char *id)
{
	add(pages, &(struct op){ .kind = OP_LINK, .x = x, .y = y, .width = width, .height = height, .text = copy_text(pages, id) });
}

void page_place(struct pages *pages, double y, const char *id)
{
	add(pages, &(struct op){ .kind = OP_PLACE, .y = y, .text = copy_text(pages, id) });
}

void page_outline(struct pages *pages, double y, const char *title)
{
	add(pages, &(struct op){ .kind = OP_OUTLINE, .y = y, .text = copy_text(pages, title) });
}
