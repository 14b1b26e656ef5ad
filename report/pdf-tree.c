/* What libharu has no functions for: structure, named destinations, attachment (ISO 32000-1 7.9.6, 7.11.4, 12.3.2.3, 14.7). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "pdf-parts.h"

/* More ids than a package has; each link and destination costs an object. */
#define PLACES_MAX ((size_t)20000)

void pdf_fail(struct pdf *pdf)
{
	if (pdf->first == 0)
		pdf->first = HPDF_FAILD_TO_ALLOC_MEM;
}

HPDF_Dict pdf_dict(struct pdf *pdf, bool indirect)
{
	HPDF_Dict dict = HPDF_Dict_New(pdf->doc->mmgr);

	if (dict == NULL || (indirect && HPDF_Xref_Add(pdf->doc->xref, dict) != HPDF_OK)) {
		pdf_fail(pdf);
		return NULL;
	}
	return dict;
}

HPDF_Array pdf_array(struct pdf *pdf)
{
	HPDF_Array array = HPDF_Array_New(pdf->doc->mmgr);

	if (array == NULL)
		pdf_fail(pdf);
	return array;
}

void pdf_put(struct pdf *pdf, HPDF_Dict dict, const char *key, void *object)
{
	if (dict == NULL || object == NULL || HPDF_Dict_Add(dict, key, object) != HPDF_OK)
		pdf_fail(pdf);
}

void pdf_put_name(struct pdf *pdf, HPDF_Dict dict, const char *key, const char *name)
{
	if (dict == NULL || HPDF_Dict_AddName(dict, key, name) != HPDF_OK)
		pdf_fail(pdf);
}

HPDF_String pdf_string(struct pdf *pdf, const char *text)
{
	bool ascii = true;

	for (const char *p = text; *p != '\0'; p++)
		ascii = ascii && (unsigned char)*p < 0x80;
	return HPDF_String_New(pdf->doc->mmgr, text, ascii ? NULL : pdf->encoder);
}

void pdf_put_text(struct pdf *pdf, HPDF_Dict dict, const char *key, const char *text)
{
	pdf_put(pdf, dict, key, pdf_string(pdf, text));
}

void pdf_push(struct pdf *pdf, HPDF_Array array, void *object)
{
	if (array == NULL || object == NULL || HPDF_Array_Add(array, object) != HPDF_OK)
		pdf_fail(pdf);
}

static void push_number(struct pdf *pdf, HPDF_Array array, int number)
{
	if (array == NULL || HPDF_Array_AddNumber(array, number) != HPDF_OK)
		pdf_fail(pdf);
}

static void push_real(struct pdf *pdf, HPDF_Array array, double number)
{
	if (array == NULL || HPDF_Array_AddReal(array, (float)(round(number * 100) / 100)) != HPDF_OK)
		pdf_fail(pdf);
}

void pdf_write(struct pdf *pdf, const char *text)
{
	HPDF_PageAttr attr = (HPDF_PageAttr)pdf->page->attr;

	if (HPDF_Stream_WriteStr(attr->stream, text) != HPDF_OK)
		pdf_fail(pdf);
}

/* ---- Structure. */

static const char *tag_name(enum tag tag)
{
	static const char *const names[] = { [TAG_H1] = "H1", [TAG_H2] = "H2", [TAG_P] = "P",   [TAG_TABLE] = "Table",
					     [TAG_TR] = "TR", [TAG_TH] = "TH", [TAG_TD] = "TD", [TAG_FIGURE] = "Figure" };

	return names[tag];
}

static void push_element(struct pdf *pdf, const char *name, HPDF_Dict parent, enum tag tag)
{
	struct element *e = &pdf->stack[pdf->depth++];

	*e = (struct element){ .dict = pdf_dict(pdf, true), .kids = pdf_array(pdf), .tag = tag };
	if (e->dict == NULL)
		return;
	pdf_put_name(pdf, e->dict, "Type", "StructElem");
	pdf_put_name(pdf, e->dict, "S", name);
	pdf_put(pdf, e->dict, "P", parent);
	pdf_put(pdf, e->dict, "K", e->kids);
}

void tree_begin(struct pdf *pdf)
{
	HPDF_Dict numbers = pdf_dict(pdf, true);
	HPDF_Array kids = pdf_array(pdf);

	pdf->root = pdf_dict(pdf, true);
	pdf->parent_tree = pdf_array(pdf);
	if (pdf->root == NULL)
		return;
	pdf_put_name(pdf, pdf->root, "Type", "StructTreeRoot");
	push_element(pdf, "Document", pdf->root, TAG_P);
	pdf_push(pdf, kids, pdf->stack[0].dict);
	pdf_put(pdf, pdf->root, "K", kids);
	pdf_put(pdf, numbers, "Nums", pdf->parent_tree);
	pdf_put(pdf, pdf->root, "ParentTree", numbers);
}

void tree_begin_page(struct pdf *pdf)
{
	pdf->parents_of_page = pdf_array(pdf);
	pdf->next_content = 0;
	pdf->content = CONTENT_NONE;
}

static void end_content(struct pdf *pdf)
{
	if (pdf->content != CONTENT_NONE)
		pdf_write(pdf, "EMC\012");
	pdf->content = CONTENT_NONE;
	pdf->content_of = NULL;
}

static void put_scope(struct pdf *pdf, HPDF_Dict element)
{
	HPDF_Dict scope = pdf_dict(pdf, false);

	pdf_put_name(pdf, scope, "O", "Table");
	pdf_put_name(pdf, scope, "Scope", "Column");
	pdf_put(pdf, element, "A", scope);
}

void tree_open(struct pdf *pdf, enum tag tag, const char *alt)
{
	struct element *parent = &pdf->stack[pdf->depth - 1];

	end_content(pdf);
	if (pdf->depth == DEPTH_MAX) {
		pdf_fail(pdf);
		return;
	}
	if (tag == TAG_ARTIFACT) {
		pdf->stack[pdf->depth++] = (struct element){ .tag = TAG_ARTIFACT };
		return;
	}
	push_element(pdf, tag_name(tag), parent->dict, tag);
	pdf_push(pdf, parent->kids, pdf->stack[pdf->depth - 1].dict);
	if (alt != NULL)
		pdf_put_text(pdf, pdf->stack[pdf->depth - 1].dict, "Alt", alt);
	if (tag == TAG_TH)
		put_scope(pdf, pdf->stack[pdf->depth - 1].dict);
}

void tree_close(struct pdf *pdf)
{
	end_content(pdf);
	if (pdf->depth > 1)
		pdf->depth--;
}

/* A number, meaning marked content of the element's page, or a dictionary where the element goes on to another page. */
static void add_content(struct pdf *pdf, struct element *e, int number)
{
	HPDF_Dict reference;

	if (e->page == NULL) {
		e->page = pdf->page;
		pdf_put(pdf, e->dict, "Pg", pdf->page);
	}
	if (e->page == pdf->page) {
		push_number(pdf, e->kids, number);
		return;
	}
	reference = pdf_dict(pdf, false);
	pdf_put_name(pdf, reference, "Type", "MCR");
	pdf_put(pdf, reference, "Pg", pdf->page);
	if (reference == NULL || HPDF_Dict_AddNumber(reference, "MCID", number) != HPDF_OK)
		pdf_fail(pdf);
	pdf_push(pdf, e->kids, reference);
}

void tree_content(struct pdf *pdf, bool is_text)
{
	struct element *e = &pdf->stack[pdf->depth - 1];
	bool artifact = e->dict == NULL || pdf->depth == 1 || (!is_text && e->tag != TAG_FIGURE);
	char mark[64];

	if (artifact ? pdf->content == CONTENT_ARTIFACT : pdf->content == CONTENT_ELEMENT && pdf->content_of == e->dict)
		return;
	end_content(pdf);
	if (artifact) {
		pdf_write(pdf, "/Artifact BMC\012");
		pdf->content = CONTENT_ARTIFACT;
		return;
	}
	(void)snprintf(mark, sizeof mark, "/%s <</MCID %d>> BDC\012", tag_name(e->tag), pdf->next_content);
	pdf_write(pdf, mark);
	add_content(pdf, e, pdf->next_content++);
	pdf_push(pdf, pdf->parents_of_page, e->dict);
	pdf->content = CONTENT_ELEMENT;
	pdf->content_of = e->dict;
}

void tree_end_page(struct pdf *pdf, size_t index)
{
	end_content(pdf);
	push_number(pdf, pdf->parent_tree, (int)index);
	pdf_push(pdf, pdf->parent_tree, pdf->parents_of_page);
	if (HPDF_Dict_AddNumber(pdf->page, "StructParents", (HPDF_INT32)index) != HPDF_OK)
		pdf_fail(pdf);
	pdf_put_name(pdf, pdf->page, "Tabs", "S");
}

void tree_end(struct pdf *pdf)
{
	HPDF_Dict info = pdf_dict(pdf, false), viewer = pdf_dict(pdf, false);

	if (info == NULL || viewer == NULL || HPDF_Dict_AddBoolean(info, "Marked", HPDF_TRUE) != HPDF_OK ||
	    HPDF_Dict_AddBoolean(viewer, "DisplayDocTitle", HPDF_TRUE) != HPDF_OK)
		pdf_fail(pdf);
	pdf_put(pdf, pdf->doc->catalog, "StructTreeRoot", pdf->root);
	pdf_put(pdf, pdf->doc->catalog, "MarkInfo", info);
	pdf_put(pdf, pdf->doc->catalog, "ViewerPreferences", viewer);
	pdf_put_text(pdf, pdf->doc->catalog, "Lang", "en");
}

/* ---- Destinations and links. */

static int by_id(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = strcmp(x->id, y->id);

	if (order == 0)
		order = x->page < y->page ? -1 : x->page > y->page;
	return order != 0 ? order : x->y < y->y ? -1 : x->y > y->y;
}

void places_find(struct pdf *pdf)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < pdf->pages->n; i++)
		for (size_t k = 0; k < pdf->pages->v[i].n; k++)
			n += pdf->pages->v[i].ops[k].kind == OP_PLACE;
	n = n < PLACES_MAX ? n : PLACES_MAX;
	pdf->places = arena_alloc(pdf->arena, (n + 1) * sizeof *pdf->places);
	if (pdf->places == NULL) {
		pdf_fail(pdf);
		return;
	}
	for (size_t i = 0; i < pdf->pages->n; i++)
		for (size_t k = 0; k < pdf->pages->v[i].n; k++) {
			const struct op *op = &pdf->pages->v[i].ops[k];

			if (op->kind == OP_PLACE && op->text != NULL && pdf->n_places < n)
				pdf->places[pdf->n_places++] = (struct place){ op->text, i, op->y };
		}
	if (pdf->n_places == 0)
		return;
	qsort(pdf->places, pdf->n_places, sizeof *pdf->places, by_id);
	/* The first of each id. */
	for (size_t i = 0; i < pdf->n_places; i++)
		if (i == 0 || strcmp(pdf->places[i].id, pdf->places[kept - 1].id) != 0)
			pdf->places[kept++] = pdf->places[i];
	pdf->n_places = kept;
}

bool places_have(const struct pdf *pdf, const char *id)
{
	size_t low = 0, high = pdf->n_places;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(pdf->places[middle].id, id);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

void pdf_link(struct pdf *pdf, const struct op *op)
{
	HPDF_Array box = pdf_array(pdf), border = pdf_array(pdf), all = HPDF_Dict_GetItem(pdf->page, "Annots", HPDF_OCLASS_ARRAY);
	HPDF_Dict link = pdf_dict(pdf, true);

	if (all == NULL) {
		all = pdf_array(pdf);
		pdf_put(pdf, pdf->page, "Annots", all);
	}
	push_real(pdf, box, op->x);
	push_real(pdf, box, pdf->height - op->y - op->height - 1);
	push_real(pdf, box, op->x + op->width);
	push_real(pdf, box, pdf->height - op->y);
	for (int i = 0; i < 3; i++)
		push_number(pdf, border, 0);
	pdf_put_name(pdf, link, "Type", "Annot");
	pdf_put_name(pdf, link, "Subtype", "Link");
	pdf_put(pdf, link, "Rect", box);
	pdf_put(pdf, link, "Border", border);
	pdf_put_text(pdf, link, "Dest", op->text);
	pdf_push(pdf, all, link);
}

/* /XYZ with a null zoom: keep the reader's. libharu's own function cannot. */
static HPDF_Array destination(struct pdf *pdf, const struct place *place)
{
	HPDF_Array to = pdf_array(pdf);

	pdf_push(pdf, to, pdf->page_of[place->page]);
	if (to == NULL || HPDF_Array_AddName(to, "XYZ") != HPDF_OK)
		pdf_fail(pdf);
	push_real(pdf, to, 0);
	push_real(pdf, to, pdf->height - place->y + 6);
	pdf_push(pdf, to, HPDF_Null_New(pdf->doc->mmgr));
	return to;
}

static HPDF_Dict attachment(struct pdf *pdf, const char *name, const char *bytes, size_t len)
{
	HPDF_Dict stream = HPDF_DictStream_New(pdf->doc->mmgr, pdf->doc->xref), params = pdf_dict(pdf, false), files = pdf_dict(pdf, false);
	HPDF_Dict spec = pdf_dict(pdf, true);

	if (stream == NULL || params == NULL || HPDF_Stream_Write(stream->stream, (const HPDF_BYTE *)bytes, (HPDF_UINT)len) != HPDF_OK ||
	    HPDF_Dict_AddNumber(params, "Size", (HPDF_INT32)len) != HPDF_OK) {
		pdf_fail(pdf);
		return NULL;
	}
	stream->filter = HPDF_STREAM_FILTER_FLATE_DECODE;
	pdf_put_name(pdf, stream, "Type", "EmbeddedFile");
	pdf_put_name(pdf, stream, "Subtype", "text/markdown");
	pdf_put(pdf, stream, "Params", params);
	pdf_put(pdf, files, "F", stream);
	pdf_put_name(pdf, spec, "Type", "Filespec");
	pdf_put_text(pdf, spec, "F", name);
	pdf_put_text(pdf, spec, "UF", name);
	pdf_put_text(pdf, spec, "Desc", "The same report as Markdown");
	pdf_put_name(pdf, spec, "AFRelationship", "Alternative");
	pdf_put(pdf, spec, "EF", files);
	return spec;
}

void pdf_names(struct pdf *pdf, const char *name, const char *bytes, size_t len)
{
	HPDF_Dict names = pdf_dict(pdf, true), places = pdf_dict(pdf, true), files = pdf_dict(pdf, true),
		  spec = attachment(pdf, name, bytes, len);
	HPDF_Array place_list = pdf_array(pdf), file_list = pdf_array(pdf), associated = pdf_array(pdf);

	for (size_t i = 0; i < pdf->n_places; i++) {
		pdf_push(pdf, place_list, pdf_string(pdf, pdf->places[i].id));
		pdf_push(pdf, place_list, destination(pdf, &pdf->places[i]));
	}
	pdf_push(pdf, file_list, pdf_string(pdf, name));
	pdf_push(pdf, file_list, spec);
	pdf_push(pdf, associated, spec);
	pdf_put(pdf, places, "Names", place_list);
	pdf_put(pdf, files, "Names", file_list);
	pdf_put(pdf, names, "Dests", places);
	pdf_put(pdf, names, "EmbeddedFiles", files);
	pdf_put(pdf, pdf->doc->catalog, "Names", names);
	pdf_put(pdf, pdf->doc->catalog, "AF", associated);
}
