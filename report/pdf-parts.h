/* What pdf.c and pdf-tree.c share; these two files alone know libharu. */
#ifndef GONOGO_REPORT_PDF_PARTS_H
#define GONOGO_REPORT_PDF_PARTS_H

#include <stdbool.h>
#include <stddef.h>

/* Without HPDF_SHARED the object layer is open (report-design.md 8). */
#include <hpdf.h>

#include "page.h"

struct arena;
struct doc;

/* Document, table, row, cell: no element is deeper. */
#define DEPTH_MAX 8

/* An open structure element. */
struct element {
	HPDF_Dict dict;
	HPDF_Array kids;
	HPDF_Page page; /* whose marked content the numbers among its kids mean */
	enum tag tag;
};

/* Where an id is defined. */
struct place {
	const char *id;
	size_t page;
	double y;
};

enum content { CONTENT_NONE, CONTENT_ARTIFACT, CONTENT_ELEMENT };

struct pdf {
	HPDF_Doc doc;
	HPDF_Page page;
	HPDF_Font face[2]; /* regular, bold */
	HPDF_Encoder encoder;
	HPDF_STATUS first; /* libharu's first error: every later call fails with 0x1025 */
	struct arena *arena;
	const struct pages *pages;
	double height;
	HPDF_Page *page_of; /* by index */
	/* Structure. */
	HPDF_Dict root;
	HPDF_Array parents_of_page; /* elements by number of marked content, of this page */
	HPDF_Array parent_tree;
	struct element stack[DEPTH_MAX];
	size_t depth;
	int next_content;
	enum content content; /* what is open */
	HPDF_Dict content_of; /* the element whose content is open */
	/* Definitions, ascending by id. */
	struct place *places;
	size_t n_places;
};

void pdf_fail(struct pdf *pdf);

/* Objects of libharu; all take NULL and note the failure. indirect: of its own number, kept by the file. */
HPDF_Dict pdf_dict(struct pdf *pdf, bool indirect);
HPDF_Array pdf_array(struct pdf *pdf);
void pdf_put(struct pdf *pdf, HPDF_Dict dict, const char *key, void *object);
void pdf_put_name(struct pdf *pdf, HPDF_Dict dict, const char *key, const char *name);
void pdf_put_text(struct pdf *pdf, HPDF_Dict dict, const char *key, const char *text);
void pdf_push(struct pdf *pdf, HPDF_Array array, void *object);
/* ASCII is written as it is, other text as UTF-16. */
HPDF_String pdf_string(struct pdf *pdf, const char *text);
/* To the page's content. */
void pdf_write(struct pdf *pdf, const char *text);

/* Structure, in the order of drawing. */
void tree_begin(struct pdf *pdf);
void tree_begin_page(struct pdf *pdf);
void tree_open(struct pdf *pdf, enum tag tag, const char *alt);
void tree_close(struct pdf *pdf);
/* Before something is drawn: text belongs to the innermost element, lines and areas to a figure, else they are artifacts. */
void tree_content(struct pdf *pdf, bool is_text);
void tree_end_page(struct pdf *pdf, size_t index);
void tree_end(struct pdf *pdf);

/* Named destinations, links and the attachment. */
void places_find(struct pdf *pdf);
bool places_have(const struct pdf *pdf, const char *id);
void pdf_link(struct pdf *pdf, const struct op *op);
void pdf_names(struct pdf *pdf, const char *name, const char *bytes, size_t len);

#endif
