#include "gonogo/gotemplate.h"

#include <ctype.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"

static const char *const functions[] = { "name", "namespace", "target", "service", "ingress", "route", "interval" };
#define FUNCTIONS (sizeof functions / sizeof functions[0])

/* text/template: keywords, and its predefined functions. */
static const char *const of_go[] = { "if",    "else",     "end", "range", "with",   "define",  "template", "block",
				     "break", "continue", "and", "call",  "html",   "index",   "slice",    "js",
				     "len",   "not",      "or",  "print", "printf", "println", "urlquery", "eq",
				     "ge",    "gt",       "le",  "lt",    "ne",     "true",    "false",    "nil" };

static bool is_of_go(const char *word)
{
	for (size_t i = 0; i < sizeof of_go / sizeof of_go[0]; i++)
		if (strcmp(word, of_go[i]) == 0)
			return true;
	return false;
}

static int add(struct gotemplate *out, enum gotemplate_kind kind, const char *start, size_t len, const char *reason, struct arena *arena)
{
	struct gotemplate_part *grown = arena_grow(arena, out->parts, out->n, &out->cap, sizeof *grown);
	char *text = arena_strndup(arena, start, len);

	if (grown == NULL || text == NULL)
		return -1;
	out->parts = grown;
	grown[out->n++] = (struct gotemplate_part){ kind, text, reason };
	return 0;
}

static bool is_letter(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Length of the identifier that begins here. */
static size_t word_length(const char *start, size_t len)
{
	size_t n = 0;

	while (n < len && is_letter(start[n]) && !isdigit((unsigned char)*start))
		n++;
	return n;
}

static bool is_word(const char *start, size_t len)
{
	return len > 0 && word_length(start, len) == len;
}

static bool is_function(const char *word)
{
	for (size_t i = 0; i < FUNCTIONS; i++)
		if (strcmp(word, functions[i]) == 0)
			return true;
	return false;
}

/* What an operand of Go's can begin with. */
static bool begins_operand(const char *start)
{
	return isalnum((unsigned char)*start) || strchr("_\"`'(.$", *start) != NULL || (unsigned char)*start >= 0x80 ||
	       (strchr("+-", *start) != NULL && isdigit((unsigned char)start[1]));
}

/* Between the braces, white space stripped. may_comment: a comment begins at the braces, or behind a trim marker. */
static int add_action(struct gotemplate *out, const char *start, size_t len, bool may_comment, struct arena *arena)
{
	size_t n = word_length(start, len);
	const char *word = arena_strndup(arena, start, n);

	if (word == NULL)
		return -1;
	if (may_comment && len >= 4 && strncmp(start, "/*", 2) == 0 && strncmp(start + len - 2, "*/", 2) == 0)
		return 0;
	if (n == len && is_function(word))
		return add(out, GOTEMPLATE_FUNCTION, start, len, NULL, arena);
	if (strcmp(word, "variables") == 0 && n + 1 < len && start[n] == '.' && is_word(start + n + 1, len - n - 1))
		return add(out, GOTEMPLATE_VARIABLE, start + n + 1, len - n - 1, NULL, arena);
	if (strcmp(word, "variables") == 0 && n + 1 < len && start[n] == '.' && memchr(start, ' ', len) == NULL &&
	    memchr(start, '-', len) != NULL)
		return add(out, GOTEMPLATE_FAILING, start, len, "a key in a template is made of letters, digits and _", arena);
	if (len >= 2 && *start == '.' && is_word(start + 1, len - 1))
		return add(out, GOTEMPLATE_FAILING, start, len, "fields do not exist: Flagger's model has functions, without a dot", arena);
	if (len == 0)
		return add(out, GOTEMPLATE_FAILING, "", 0, "an action must hold something", arena);
	if (!begins_operand(start))
		return add(out, GOTEMPLATE_FAILING, start, len, "no action begins so", arena);
	if (n > 0 && !is_function(word) && strcmp(word, "variables") != 0 && !is_of_go(word))
		return add(out, GOTEMPLATE_FAILING, start, len, "no such function", arena);
	return add(out, GOTEMPLATE_UNSUPPORTED, start, len, NULL, arena);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* "{{- " and " -}}" take the white space outside with them. */
static void trim_end(struct gotemplate *out)
{
	struct gotemplate_part *last = out->n > 0 ? &out->parts[out->n - 1] : NULL;
	char *text;
	size_t len;

	if (last == NULL || last->kind != GOTEMPLATE_TEXT)
		return;
	text = (char *)last->text;
	for (len = strlen(text); len > 0 && is_space(text[len - 1]); len--)
		text[len - 1] = '\0';
}

int gotemplate_parse(struct gotemplate *out, const char *text, struct arena *arena, struct error *err)
{
	*out = (struct gotemplate){ 0 };
	for (;;) {
		const char *open = strstr(text, "{{"), *close, *start, *end;
		bool may_comment;

		if (add(out, GOTEMPLATE_TEXT, text, open == NULL ? strlen(text) : (size_t)(open - text), NULL, arena) < 0)
			return error_nomem(err);
		if (open == NULL)
			return 0;
		close = strstr(open, "}}");
		if (close == NULL)
			return error_code(err, ERR_SYNTAX, "`{{` without `}}`");
		start = open + 2;
		end = close;
		may_comment = *start == '/' || *start == '-';
		if (*start == '-' && start + 1 < end && is_space(start[1])) {
			trim_end(out);
			start++;
		}
		text = close + 2;
		if (end - start >= 2 && end[-1] == '-' && is_space(end[-2])) {
			end--;
			text += strspn(text, " \t\r\n");
		}
		while (start < end && is_space(*start))
			start++;
		while (end > start && is_space(end[-1]))
			end--;
		if (add_action(out, start, (size_t)(end - start), may_comment, arena) < 0)
			return error_nomem(err);
	}
}

bool gotemplate_uses(const struct gotemplate *template_, enum gotemplate_kind kind, const char *text)
{
	for (size_t i = 0; i < template_->n; i++)
		if (template_->parts[i].kind == kind && strcmp(template_->parts[i].text, text) == 0)
			return true;
	return false;
}

static const char *value_of(const struct gotemplate_model *m, const char *function)
{
	const char *const values[FUNCTIONS] = { m->name, m->namespace_, m->target, m->service, m->ingress, m->route, m->interval };

	for (size_t i = 0; i < FUNCTIONS; i++)
		if (strcmp(function, functions[i]) == 0)
			return values[i];
	return NULL;
}

static const char *variable_of(const struct gotemplate_model *m, const char *key)
{
	for (size_t i = 0; i < m->n_variables; i++)
		if (strcmp(m->variable_names[i], key) == 0)
			return m->variable_values[i];
	return NULL;
}

static int render_part(struct buf *out, const struct gotemplate_part *part, const struct gotemplate_model *model, struct error *err)
{
	const char *value = part->text;

	switch (part->kind) {
	case GOTEMPLATE_TEXT:
		break;
	case GOTEMPLATE_FUNCTION:
		value = value_of(model, part->text);
		break;
	case GOTEMPLATE_VARIABLE:
		value = variable_of(model, part->text);
		if (value == NULL)
			return error_code(err, ERR_NOT_FOUND, "the variable \"%s\" is not given", part->text);
		break;
	case GOTEMPLATE_FAILING:
		return error_code(err, ERR_SYNTAX, "`{{ %s }}`: %s", part->text, part->reason);
	case GOTEMPLATE_UNSUPPORTED:
		return error_code(err, ERR_SYNTAX, "`{{ %s }}` is not rendered by this program", part->text);
	}
	buf_puts(out, value == NULL ? "" : value);
	return 0;
}

int gotemplate_render(struct buf *out, const struct gotemplate *template_, const struct gotemplate_model *model, struct error *err)
{
	for (size_t i = 0; i < template_->n; i++)
		if (render_part(out, &template_->parts[i], model, err) < 0)
			return -1;
	return buf_check(out, "query", err);
}
