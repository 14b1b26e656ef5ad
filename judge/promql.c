#include "promql.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "gonogo/arena.h"
#include "gonogo/error.h"

#define DEPTH_MAX 50
/* A chain of operators is a tree as deep as it is long, and readers recurse. */
#define NODES_MAX 500

struct parser {
	const char *start, *at;
	struct arena *arena;
	struct error *err;
	int depth, nodes;
};

static int fail(const struct parser *p, const char *what)
{
	return error_code(p->err, ERR_SYNTAX, "character %zu: %s", (size_t)(p->at - p->start) + 1, what);
}

static void skip_space(struct parser *p)
{
	for (;;) {
		p->at += strspn(p->at, " \t\r\n");
		if (*p->at != '#')
			return;
		p->at += strcspn(p->at, "\n");
	}
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == ':' || (unsigned char)c >= 0x80;
}

static size_t word_length(const char *at)
{
	size_t n = 0;

	if (isdigit((unsigned char)*at))
		return 0;
	while (is_name(at[n]))
		n++;
	return n;
}

/* True and behind it if that word stands here; case does not matter for keywords. */
static bool take_word(struct parser *p, const char *word)
{
	size_t n = strlen(word);

	skip_space(p);
	if (word_length(p->at) != n || strncasecmp(p->at, word, n) != 0)
		return false;
	p->at += n;
	return true;
}

static bool take(struct parser *p, const char *symbol)
{
	size_t n = strlen(symbol);

	skip_space(p);
	if (strncmp(p->at, symbol, n) != 0)
		return false;
	p->at += n;
	return true;
}

static struct promql_node *node_new(struct parser *p, enum promql_kind kind, const char *name, size_t len)
{
	struct promql_node *node = ++p->nodes > NODES_MAX ? NULL : arena_alloc(p->arena, sizeof *node);

	if (p->nodes > NODES_MAX) {
		fail(p, "more than 500 terms");
		return NULL;
	}
	if (node != NULL) {
		node->kind = kind;
		node->name = arena_strndup(p->arena, name, len);
	}
	if (node == NULL || node->name == NULL) {
		error_nomem(p->err);
		return NULL;
	}
	return node;
}

static int add_arg(struct parser *p, struct promql_node *node, struct promql_node *arg)
{
	struct promql_node **grown = arena_grow(p->arena, node->args, node->n_args, &node->cap_args, sizeof *grown);

	if (grown == NULL)
		return error_nomem(p->err);
	node->args = grown;
	grown[node->n_args++] = arg;
	return 0;
}

/* A quoted text: the opening quote stands at p->at. Escapes are kept but for quotes and backslashes. */
static const char *parse_string(struct parser *p)
{
	char quote = *p->at++;
	const char *end = p->at;
	char *text;
	size_t n = 0;

	while (*end != '\0' && *end != quote)
		end += quote != '`' && *end == '\\' && end[1] != '\0' ? 2 : 1;
	if (*end == '\0') {
		fail(p, "a text that never ends");
		return NULL;
	}
	text = arena_alloc(p->arena, (size_t)(end - p->at) + 1);
	if (text == NULL) {
		error_nomem(p->err);
		return NULL;
	}
	for (; p->at < end; p->at++) {
		if (quote != '`' && *p->at == '\\' && strchr("\\\"'", p->at[1]) != NULL && p->at + 1 < end)
			p->at++;
		text[n++] = *p->at;
	}
	p->at = end + 1;
	return text;
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

static int parse_operator(struct parser *p, enum promql_match *op)
{
	static const struct {
		const char *text;
		enum promql_match op;
	} ops[] = { { "=~", PROMQL_REGEX }, { "!~", PROMQL_NOT_REGEX }, { "!=", PROMQL_NOT_EQUAL }, { "=", PROMQL_EQUAL } };

	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
		if (take(p, ops[i].text)) {
			*op = ops[i].op;
			return 0;
		}
	return fail(p, "a label needs = != =~ or !~");
}

/* label="value"; Prometheus 3 also takes a quoted metric name alone. */
static int parse_matcher(struct parser *p, struct promql_node *node)
{
	struct promql_matcher *grown = arena_grow(p->arena, node->matchers, node->n_matchers, &node->cap_matchers, sizeof *grown), *m;
	size_t n = word_length(p->at);

	if (grown == NULL)
		return error_nomem(p->err);
	node->matchers = grown;
	m = &grown[node->n_matchers];
	*m = (struct promql_matcher){ 0 };
	if (is_quote(*p->at)) {
		m->name = parse_string(p);
		if (m->name == NULL)
			return -1;
		skip_space(p);
		if (*p->at == ',' || *p->at == '}') {
			node->name = m->name;
			return 0;
		}
	} else {
		if (n == 0)
			return fail(p, "a label's name is missing");
		m->name = arena_strndup(p->arena, p->at, n);
		p->at += n;
	}
	if (m->name == NULL)
		return error_nomem(p->err);
	if (parse_operator(p, &m->op) < 0)
		return -1;
	skip_space(p);
	if (!is_quote(*p->at))
		return fail(p, "a label's value must stand in quotes");
	m->value = parse_string(p);
	if (m->value == NULL)
		return -1;
	node->n_matchers++;
	return 0;
}

static int parse_matchers(struct parser *p, struct promql_node *node)
{
	while (!take(p, "}")) {
		skip_space(p);
		if (parse_matcher(p, node) < 0)
			return -1;
		if (take(p, ","))
			continue;
		if (!take(p, "}"))
			return fail(p, "`,` or `}` is missing");
		break;
	}
	if (*node->name == '\0' && promql_matcher(node, "__name__") != NULL)
		node->name = promql_matcher(node, "__name__")->value;
	return 0;
}

/* (a, b) behind by, without, on, ignoring, group_left. */
static int parse_labels(struct parser *p, struct promql_node *node)
{
	if (!take(p, "("))
		return fail(p, "`(` is missing");
	while (!take(p, ")")) {
		const char **grown = arena_grow(p->arena, node->labels, node->n_labels, &node->cap_labels, sizeof *grown);
		size_t n;

		skip_space(p);
		n = word_length(p->at);
		if (grown == NULL)
			return error_nomem(p->err);
		if (n == 0)
			return fail(p, "a label's name is missing");
		node->labels = grown;
		grown[node->n_labels] = arena_strndup(p->arena, p->at, n);
		if (grown[node->n_labels++] == NULL)
			return error_nomem(p->err);
		p->at += n;
		if (!take(p, ",") && *p->at != ')') {
			skip_space(p);
			if (*p->at != ')')
				return fail(p, "`,` or `)` is missing");
		}
	}
	return 0;
}

static struct promql_node *parse_binary(struct parser *p, int level);

static int parse_arguments(struct parser *p, struct promql_node *node)
{
	while (!take(p, ")")) {
		struct promql_node *arg = parse_binary(p, 0);

		if (arg == NULL || add_arg(p, node, arg) < 0)
			return -1;
		if (!take(p, ",")) {
			if (!take(p, ")"))
				return fail(p, "`,` or `)` is missing");
			break;
		}
	}
	return 0;
}

static int parse_grouping(struct parser *p, struct promql_node *node)
{
	bool by = take_word(p, "by");

	if (!by && !take_word(p, "without"))
		return 0;
	node->grouped = true;
	node->without = !by;
	return parse_labels(p, node);
}

static bool is_aggregation(const char *name)
{
	static const char *const names[] = { "sum",   "min",          "max",     "avg",  "group",    "stddev", "stdvar",
					     "count", "count_values", "bottomk", "topk", "quantile", "limitk", "limit_ratio" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

static struct promql_node *parse_named(struct parser *p)
{
	size_t n = word_length(p->at);
	struct promql_node *node = node_new(p, PROMQL_SELECTOR, p->at, n);

	if (node == NULL)
		return NULL;
	p->at += n;
	if (strcasecmp(node->name, "inf") == 0 || strcasecmp(node->name, "nan") == 0) {
		node->kind = PROMQL_NUMBER;
		return node;
	}
	if (is_aggregation(node->name)) {
		node->kind = PROMQL_AGGREGATE;
		if (parse_grouping(p, node) < 0)
			return NULL;
		if (!take(p, "(")) {
			fail(p, "`(` is missing behind an aggregation");
			return NULL;
		}
		return parse_arguments(p, node) < 0 || parse_grouping(p, node) < 0 ? NULL : node;
	}
	if (take(p, "(")) {
		node->kind = PROMQL_CALL;
		return parse_arguments(p, node) < 0 ? NULL : node;
	}
	return take(p, "{") && parse_matchers(p, node) < 0 ? NULL : node;
}

static struct promql_node *parse_literal(struct parser *p)
{
	size_t n = strspn(p->at, "0123456789abcdefxABCDEFX_.");
	struct promql_node *node;

	/* 1e-3: the sign belongs to the number; hexadecimal has no exponent. */
	if ((p->at[n] == '-' || p->at[n] == '+') && n > 0 && (p->at[n - 1] == 'e' || p->at[n - 1] == 'E') && p->at[1] != 'x')
		n += 1 + strspn(p->at + n + 1, "0123456789");
	/* 5m: a duration as a number, Prometheus 3. */
	n += strspn(p->at + n, "smhdwy0123456789");
	node = node_new(p, PROMQL_NUMBER, p->at, n);
	p->at += n;
	return node;
}

static struct promql_node *parse_text(struct parser *p)
{
	const char *text = parse_string(p);

	return text == NULL ? NULL : node_new(p, PROMQL_STRING, text, strlen(text));
}

static struct promql_node *parse_primary(struct parser *p)
{
	struct promql_node *node;

	skip_space(p);
	if (take(p, "(")) {
		node = parse_binary(p, 0);
		if (node != NULL && !take(p, ")")) {
			fail(p, "`)` is missing");
			return NULL;
		}
		return node;
	}
	if (take(p, "{")) {
		node = node_new(p, PROMQL_SELECTOR, "", 0);
		return node == NULL || parse_matchers(p, node) < 0 ? NULL : node;
	}
	if (is_quote(*p->at))
		return parse_text(p);
	if (isdigit((unsigned char)*p->at) || *p->at == '.')
		return parse_literal(p);
	if (word_length(p->at) > 0)
		return parse_named(p);
	fail(p, *p->at == '\0' ? "the query ends where a value is due" : "a value is due here");
	return NULL;
}

/* offset -5m, offset 1h30m, @ 1609746000, @ start(). */
static int skip_time(struct parser *p)
{
	if (take_word(p, "offset"))
		(void)take(p, "-");
	else if (!take(p, "@"))
		return 0;
	skip_space(p);
	if (take_word(p, "start") || take_word(p, "end"))
		return take(p, "(") && take(p, ")") ? 1 : fail(p, "`()` is missing");
	if (!isdigit((unsigned char)*p->at))
		return fail(p, "a time is due here");
	p->at += strspn(p->at, "0123456789.smhdwy");
	return 1;
}

static struct promql_node *parse_postfix(struct parser *p)
{
	struct promql_node *node = parse_primary(p);

	while (node != NULL) {
		int skipped;

		if (take(p, "[")) {
			size_t n = strcspn(p->at, "]");

			if (p->at[n] == '\0' || n == 0) {
				fail(p, n == 0 ? "the range is empty" : "`]` is missing");
				return NULL;
			}
			node->range = arena_strndup(p->arena, p->at, n);
			p->at += n + 1;
			continue;
		}
		skipped = skip_time(p);
		if (skipped < 0)
			return NULL;
		if (skipped == 0)
			break;
	}
	return node;
}

static struct promql_node *parse_unary(struct parser *p)
{
	struct promql_node *node, *arg;

	skip_space(p);
	if (*p->at != '-' && *p->at != '+')
		return parse_postfix(p);
	node = node_new(p, PROMQL_UNARY, p->at, 1);
	p->at++;
	if (node == NULL || ++p->depth > DEPTH_MAX) {
		if (node != NULL)
			fail(p, "nested too deeply");
		return NULL;
	}
	arg = parse_unary(p);
	p->depth--;
	return arg == NULL || add_arg(p, node, arg) < 0 ? NULL : node;
}

/* Lowest first; `^` binds tightest. */
static const char *const levels[][8] = { { "or" },     { "and", "unless" },        { "==", "!=", "<=", ">=", "<", ">" },
					 { "+", "-" }, { "*", "/", "%", "atan2" }, { "^" } };
#define LEVELS (int)(sizeof levels / sizeof levels[0])

static const char *take_operator(struct parser *p, int level)
{
	for (size_t i = 0; i < 8 && levels[level][i] != NULL; i++) {
		const char *op = levels[level][i];

		if (isalpha((unsigned char)*op) ? take_word(p, op) : take(p, op))
			return op;
	}
	return NULL;
}

static int parse_matching(struct parser *p, struct promql_node *node)
{
	(void)take_word(p, "bool");
	node->on = take_word(p, "on");
	node->ignoring = !node->on && take_word(p, "ignoring");
	if ((node->on || node->ignoring) && parse_labels(p, node) < 0)
		return -1;
	if (take_word(p, "group_left") || take_word(p, "group_right")) {
		struct promql_node copied = { 0 };

		skip_space(p);
		return *p->at == '(' ? parse_labels(p, &copied) : 0;
	}
	return 0;
}

static struct promql_node *parse_binary(struct parser *p, int level)
{
	struct promql_node *left, *right, *node;
	const char *op;

	if (level == LEVELS)
		return parse_unary(p);
	if (level == 0 && ++p->depth > DEPTH_MAX) {
		fail(p, "nested too deeply");
		return NULL;
	}
	left = parse_binary(p, level + 1);
	while (left != NULL && (op = take_operator(p, level)) != NULL) {
		node = node_new(p, PROMQL_BINARY, op, strlen(op));
		if (node == NULL || parse_matching(p, node) < 0)
			return NULL;
		right = parse_binary(p, level + 1);
		if (right == NULL || add_arg(p, node, left) < 0 || add_arg(p, node, right) < 0)
			return NULL;
		left = node;
	}
	if (level == 0)
		p->depth--;
	return left;
}

int promql_parse(const struct promql_node **out, const char *query, struct arena *arena, struct error *err)
{
	struct parser p = { .start = query, .at = query, .arena = arena, .err = err };

	*out = parse_binary(&p, 0);
	if (*out == NULL)
		return -1;
	skip_space(&p);
	return *p.at == '\0' ? 0 : fail(&p, "text behind the end of the query");
}

const struct promql_matcher *promql_matcher(const struct promql_node *selector, const char *label)
{
	for (size_t i = 0; i < selector->n_matchers; i++)
		if (strcmp(selector->matchers[i].name, label) == 0)
			return &selector->matchers[i];
	return NULL;
}

bool promql_is_scalar(const struct promql_node *node)
{
	if (node->kind == PROMQL_NUMBER || node->kind == PROMQL_STRING)
		return true;
	if (node->kind == PROMQL_CALL)
		return strcmp(node->name, "scalar") == 0 || strcmp(node->name, "time") == 0 || strcmp(node->name, "pi") == 0;
	if (node->kind == PROMQL_UNARY)
		return promql_is_scalar(node->args[0]);
	return node->kind == PROMQL_BINARY && promql_is_scalar(node->args[0]) && promql_is_scalar(node->args[1]);
}

/* One series for every value of `le` and nothing else. */
static bool is_single_but_le(const struct promql_node *node)
{
	if (promql_is_single(node))
		return true;
	if (node->kind == PROMQL_AGGREGATE)
		return node->grouped && !node->without && node->n_labels == 1 && strcmp(node->labels[0], "le") == 0;
	return node->kind == PROMQL_CALL && node->n_args > 0 && is_single_but_le(node->args[node->n_args - 1]);
}

static bool call_is_single(const struct promql_node *node)
{
	static const char *const always[] = { "scalar", "vector", "time", "pi", "absent", "absent_over_time" };
	const struct promql_node *last = node->n_args > 0 ? node->args[node->n_args - 1] : NULL;

	for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
		if (strcmp(node->name, always[i]) == 0)
			return true;
	if (strcmp(node->name, "histogram_quantile") == 0)
		return last != NULL && is_single_but_le(last);
	/* Functions keep their vector's series; which argument it is differs. */
	for (size_t i = 0; i < node->n_args; i++)
		if (!promql_is_single(node->args[i]))
			return false;
	return true;
}

static bool aggregate_is_single(const struct promql_node *node)
{
	const struct promql_node *last = node->n_args > 0 ? node->args[node->n_args - 1] : NULL;
	bool picks = strcasecmp(node->name, "topk") == 0 || strcasecmp(node->name, "bottomk") == 0 ||
		     strcasecmp(node->name, "count_values") == 0 || strcasecmp(node->name, "limitk") == 0 ||
		     strcasecmp(node->name, "limit_ratio") == 0;

	if (last != NULL && promql_is_single(last))
		return true;
	if (picks)
		return node->n_args == 2 && strcmp(node->args[0]->name, "1") == 0 && !node->grouped;
	return !node->grouped || (!node->without && node->n_labels == 0);
}

bool promql_is_single(const struct promql_node *node)
{
	switch (node->kind) {
	case PROMQL_NUMBER:
	case PROMQL_STRING:
		return true;
	case PROMQL_SELECTOR:
		return false;
	case PROMQL_CALL:
		return call_is_single(node);
	case PROMQL_AGGREGATE:
		return aggregate_is_single(node);
	case PROMQL_UNARY:
		return promql_is_single(node->args[0]);
	case PROMQL_BINARY:
		break;
	}
	if (promql_is_scalar(node->args[0]) || promql_is_scalar(node->args[1]) || strcmp(node->name, "or") == 0)
		return promql_is_single(node->args[0]) && promql_is_single(node->args[1]);
	if (strcmp(node->name, "unless") == 0 || strcmp(node->name, "and") == 0)
		return promql_is_single(node->args[0]);
	return promql_is_single(node->args[0]) || promql_is_single(node->args[1]);
}
