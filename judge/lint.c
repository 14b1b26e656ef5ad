/* From bytes to objects, from objects to problems by the table of rules, and what Flagger would do with each Canary. */
#include "lint.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/canary.h"
#include "gonogo/error.h"
#include "gonogo/json.h"

/* yaml.h takes 8 MiB of text; as JSON with escapes it stays below. */
#define JSON_MAX ((size_t)64 * 1024 * 1024)

/* Lists in lists: kubectl prints none. */
#define LISTS_MAX 4

/* A query that Flagger sends in a URL; servers refuse longer ones. */
#define QUERY_MAX ((size_t)64 * 1024)

/* A hostile file of nothing but problems. */
#define PROBLEMS_MAX 20000

/* Steps of a ladder that are worth listing. */
#define WEIGHTS_MAX 100

struct lint *lint_new(const struct lint_options *options, struct arena *arena)
{
	struct lint *l = arena_alloc(arena, sizeof *l);

	if (l == NULL)
		return NULL;
	l->arena = arena;
	l->options = *options;
	return l;
}

void lint_free(struct lint *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n_files; i++)
		yaml_free(&l->files[i].yaml);
}

const char *lint_text(struct lint *l, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return arena_strdup(l->arena, text);
}

const char *lint_seconds(struct lint *l, int64_t span)
{
	if (span % NS_PER_S == 0)
		return lint_text(l, "%" PRId64 " s", span / NS_PER_S);
	return lint_text(l, "%.3g s", (double)span / (double)NS_PER_S);
}

/* ---- Places. */

/* The next step of a path: a name, or the number in brackets. Returns behind it. */
static const char *next_step(const char *path, char step[static 128], bool *number)
{
	size_t n;

	*number = *path == '[';
	path += *number ? 1 : 0;
	n = strcspn(path, *number ? "]" : ".[");
	(void)snprintf(step, 128, "%.*s", (int)(n < 127 ? n : 127), path);
	path += n;
	if (*number && *path == ']')
		path++;
	return *path == '.' ? path + 1 : path;
}

struct place {
	const struct yaml_node *node; /* NULL: the path ends above */
	size_t line, column;
};

static struct place find_place(const struct yaml_node *root, const char *path)
{
	struct place place = { root, root->line, root->column };
	char step[128];

	while (*path != '\0' && place.node != NULL) {
		const struct yaml_node *node = place.node;
		bool number;

		path = next_step(path, step, &number);
		place.node = NULL;
		if (number && node->kind == YAML_SEQUENCE) {
			size_t at = strtoul(step, NULL, 10);

			if (at < node->n)
				place = (struct place){ node->items[at], node->items[at]->line, node->items[at]->column };
		}
		for (size_t i = 0; !number && node->kind == YAML_MAPPING && i < node->n; i++)
			if (strcmp(node->members[i].key, step) == 0) {
				place = (struct place){ node->members[i].value, node->members[i].line, node->members[i].column };
				break;
			}
	}
	return place;
}

const struct yaml_node *lint_at(const struct lint_object *o, const char *path)
{
	return find_place(o->node, path).node;
}

const char *lint_analysis(struct lint *l, const struct lint_object *o, const char *field)
{
	return lint_text(l, "%s%s%s", o->analysis, *field == '\0' ? "" : ".", field);
}

const char *lint_metric_path(struct lint *l, const struct lint_object *o, size_t i, const char *field)
{
	return lint_text(l, "%s.metrics[%zu]%s%s", o->analysis, i, *field == '\0' ? "" : ".", field);
}

static struct lint_problem *problem_new(struct lint *l)
{
	struct lint_problem *grown;

	if (l->n_problems >= PROBLEMS_MAX) {
		error_code(l->err, ERR_LIMIT, "more than %d problems: check fewer files at once", PROBLEMS_MAX);
		return NULL;
	}
	grown = arena_grow(l->arena, l->problems, l->n_problems, &l->cap_problems, sizeof *grown);
	if (grown == NULL) {
		error_nomem(l->err);
		return NULL;
	}
	l->problems = grown;
	return &grown[l->n_problems++];
}

int lint_problem_add(struct lint *l, const struct rule *rule, const struct lint_object *o, const char *path, const char *text,
		     const char *fix)
{
	struct lint_problem *p;
	struct place place;

	if (path == NULL || text == NULL || fix == NULL)
		return error_nomem(l->err);
	p = problem_new(l);
	if (p == NULL)
		return -1;
	place = find_place(o->node, path);
	*p = (struct lint_problem){ .rule = &rule->about,
				    .file_index = o->file,
				    .file = l->files[o->file].name,
				    .line = place.line,
				    .column = place.column,
				    .object = o->label,
				    .path = path,
				    .text = text,
				    .fix = fix };
	if (rule->refuses)
		l->objects[o - l->objects].refused = true;
	return 0;
}

/* ---- Objects. */

static enum object_kind kind_of(const char *kind, const char *group)
{
	static const struct {
		const char *kind, *group, *other;
		enum object_kind is;
	} kinds[] = {
		{ "Canary", "flagger.app", "", OBJECT_CANARY },
		{ "MetricTemplate", "flagger.app", "", OBJECT_TEMPLATE },
		{ "AlertProvider", "flagger.app", "", OBJECT_ALERT_PROVIDER },
		{ "IngressRoute", "traefik.io", "traefik.containo.us", OBJECT_ROUTE },
		{ "TraefikService", "traefik.io", "traefik.containo.us", OBJECT_TRAEFIK_SERVICE },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kind, kinds[i].kind) == 0 && (strcmp(group, kinds[i].group) == 0 || strcmp(group, kinds[i].other) == 0))
			return kinds[i].is;
	return OBJECT_OTHER;
}

/* The object with spec.canaryAnalysis under the name that it has since v1beta1, as Flagger's GetAnalysis reads it. */
static const struct yaml_node *with_analysis(struct lint *l, const struct yaml_node *node)
{
	struct yaml_node *copy = arena_alloc(l->arena, sizeof *copy);

	if (copy == NULL)
		return NULL;
	*copy = *node;
	copy->members = arena_alloc(l->arena, node->n * sizeof *copy->members);
	if (copy->members == NULL)
		return NULL;
	for (size_t i = 0; i < node->n; i++) {
		struct yaml_member *m = &copy->members[i];

		*m = node->members[i];
		if (strcmp(m->key, "canaryAnalysis") == 0)
			m->key = "analysis";
		if (strcmp(m->key, "spec") == 0 && m->value->kind == YAML_MAPPING)
			m->value = (struct yaml_node *)with_analysis(l, m->value);
		if (m->value == NULL)
			return NULL;
	}
	return copy;
}

static int parse_canary(struct lint *l, struct lint_object *o, const struct yaml_node *node)
{
	struct json *json;
	struct buf text;
	int rc = -1;

	buf_init(&text, JSON_MAX);
	yaml_to_json(&text, node);
	if (buf_check(&text, o->label, l->err) < 0)
		goto out;
	json = json_parse(text.data, text.len, l->err);
	if (json == NULL) {
		error_wrap(l->err, "%s", o->label);
		goto out;
	}
	rc = canary_parse(&o->spec, NULL, json, l->arena, l->err);
	json_free(json);
out:
	buf_free(&text);
	return rc;
}

static void add_weights(struct lint_object *o)
{
	const struct canary_spec *s = &o->spec;

	if (s->iterations > 0)
		return;
	if (s->n_step_weights > 0) {
		for (size_t i = 0; i < s->n_step_weights && i < WEIGHTS_MAX; i++)
			o->weights[o->n_weights++] = s->step_weights[i];
		return;
	}
	/* scheduler.go runCanary: a step is added while the weight is below maxWeight, so the last one may lie above it. */
	for (double w = 0; s->step_weight > 0 && w < s->max_weight && w < 100 && o->n_weights < WEIGHTS_MAX;) {
		w = w + s->step_weight > 100 ? 100 : w + s->step_weight;
		o->weights[o->n_weights++] = w;
	}
}

static int read_canary(struct lint *l, struct lint_object *o)
{
	const struct yaml_node *node = o->node;
	bool beta = strcmp(o->version, "v1beta1") == 0;

	o->served = beta;
	o->analysis = !beta && lint_at(o, "spec.canaryAnalysis") != NULL ? "spec.canaryAnalysis" : "spec.analysis";
	if (!beta && lint_at(o, "spec.canaryAnalysis") != NULL && lint_at(o, "spec.analysis") == NULL)
		node = with_analysis(l, node);
	o->weights = arena_alloc(l->arena, WEIGHTS_MAX * sizeof *o->weights);
	if (node == NULL || o->weights == NULL)
		return error_nomem(l->err);
	if (*o->name == '\0') {
		/* What has no name is refused as such; the rest of it is not judged. */
		o->spec = (struct canary_spec){ .name = "", .namespace_ = "", .provider = "", .service_name = "", .target_name = "" };
		return 0;
	}
	if (parse_canary(l, o, node) < 0)
		return -1;
	o->judged = beta && lint_at(o, "spec.analysis") != NULL && lint_at(o, "spec.analysis")->kind == YAML_MAPPING;
	add_weights(o);
	return criteria_parse(&o->criteria, l->options.criteria, l->options.criteria_len, l->options.criteria_name, o->spec.namespace_,
			      o->spec.name, l->arena, l->err);
}

static const struct gotemplate_model stand_ins = { .name = "name",
						   .namespace_ = "namespace",
						   .target = "target",
						   .service = "service",
						   .ingress = "ingress",
						   .route = "route",
						   .interval = "1m" };

static int read_query(struct lint *l, struct lint_query *out, const struct gotemplate *parts, const struct gotemplate_model *model,
		      bool promql);

/* A template alone is checked with a stand-in for every variable. */
static int render_alone(struct lint *l, struct lint_object *o)
{
	struct gotemplate_model model = stand_ins;
	const char **names = arena_alloc(l->arena, o->parts.n * sizeof *names),
		   **values = arena_alloc(l->arena, o->parts.n * sizeof *values);

	if (names == NULL || values == NULL)
		return error_nomem(l->err);
	for (size_t i = 0; i < o->parts.n; i++) {
		if (o->parts.parts[i].kind != GOTEMPLATE_VARIABLE)
			continue;
		names[model.n_variables] = o->parts.parts[i].text;
		values[model.n_variables++] = "1";
	}
	model.variable_names = names;
	model.variable_values = values;
	o->rendered.path = "spec.query";
	return read_query(l, &o->rendered, &o->parts, &model, strcmp(o->provider, "prometheus") == 0);
}

static int read_template(struct lint *l, struct lint_object *o)
{
	const char *provider = yaml_string(lint_at(o, "spec.provider.type")), *query = yaml_string(lint_at(o, "spec.query"));
	struct error err;

	o->served = strcmp(o->version, "v1beta1") == 0;
	o->provider = provider == NULL ? "" : provider;
	o->query = query;
	if (query == NULL || strlen(query) > QUERY_MAX)
		return 0;
	if (gotemplate_parse(&o->parts, query, l->arena, &err) < 0)
		return err.code == ERR_SYNTAX ? 0 : error_nomem(l->err);
	o->parsed = true;
	return render_alone(l, o);
}

static const char *text_at(const struct lint_object *o, const char *path)
{
	const char *text = yaml_string(lint_at(o, path));

	return text == NULL ? "" : text;
}

static int name_object(struct lint *l, struct lint_object *o)
{
	const char *version = text_at(o, "apiVersion"), *slash = strchr(version, '/');

	o->name = text_at(o, "metadata.name");
	o->namespace_ = yaml_string(lint_at(o, "metadata.namespace"));
	o->version = slash == NULL ? version : slash + 1;
	o->group = slash == NULL ? "" : arena_strndup(l->arena, version, (size_t)(slash - version));
	if (o->group == NULL)
		return error_nomem(l->err);
	o->kind = kind_of(o->kind_text, o->group);
	o->label = lint_text(l, "%s %s%s%s", o->kind_text, o->namespace_ == NULL ? "" : o->namespace_, o->namespace_ == NULL ? "" : "/",
			     *o->name == '\0' ? "without a name" : o->name);
	return o->label == NULL ? error_nomem(l->err) : 0;
}

static int add_object(struct lint *l, const struct yaml_node *node, const char *kind)
{
	struct lint_object *grown = arena_grow(l->arena, l->objects, l->n, &l->cap, sizeof *grown), *o;

	if (grown == NULL)
		return error_nomem(l->err);
	l->objects = grown;
	o = &grown[l->n++];
	*o = (struct lint_object){ .node = node, .file = l->n_files - 1, .kind_text = kind };
	if (name_object(l, o) < 0)
		return -1;
	if (o->kind == OBJECT_CANARY)
		return read_canary(l, o);
	return o->kind == OBJECT_TEMPLATE ? read_template(l, o) : 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);

	return n >= k && strcmp(text + n - k, end) == 0;
}

/* A document: an object, a list of objects, or something else that is none of ours. */
static int add_document(struct lint *l, const struct yaml_node *node, int lists)
{
	const char *kind = yaml_string(yaml_get(node, "kind"));
	const struct yaml_node *items = yaml_get(node, "items");

	if (kind == NULL)
		return 0;
	if (!ends_with(kind, "List") || items == NULL || items->kind != YAML_SEQUENCE || lists >= LISTS_MAX)
		return add_object(l, node, kind);
	for (size_t i = 0; i < items->n; i++)
		if (items->items[i]->kind == YAML_MAPPING && add_document(l, items->items[i], lists + 1) < 0)
			return -1;
	return 0;
}

/* ERR_SYNTAX texts of yaml.h begin with their place. */
static int add_unreadable(struct lint *l, const char *text)
{
	static const char fix[] = "Mend the file; what a Helm chart or kustomize makes is checked with `helm template … | gonogo lint -`. "
				  "Nothing in this file was checked.";
	const struct rule *rule = lint_rule_find("not-yaml");
	struct lint_problem *p = problem_new(l);
	size_t line = 1, column = 1;

	if (p == NULL || rule == NULL)
		return -1;
	(void)sscanf(text, "line %zu, column %zu", &line, &column);
	*p = (struct lint_problem){ .rule = &rule->about,
				    .file_index = l->n_files - 1,
				    .file = l->files[l->n_files - 1].name,
				    .line = line,
				    .column = column,
				    .path = "",
				    .text = arena_strdup(l->arena, text),
				    .fix = fix };
	return p->text == NULL ? error_nomem(l->err) : 0;
}

int lint_add(struct lint *l, const char *file, const char *bytes, size_t len, struct error *err)
{
	struct lint_file *grown = arena_grow(l->arena, l->files, l->n_files, &l->cap_files, sizeof *grown), *f;
	struct error why;

	l->err = err;
	if (grown == NULL)
		return error_nomem(err);
	l->files = grown;
	f = &grown[l->n_files++];
	*f = (struct lint_file){ .name = arena_strdup(l->arena, file) };
	if (f->name == NULL)
		return error_nomem(err);
	if (yaml_parse(&f->yaml, bytes, len, YAML_ALIASES, &why) < 0) {
		if (why.code == ERR_SYNTAX)
			return add_unreadable(l, why.text);
		return error_code(err, why.code, "%s: %s", file, why.text);
	}
	for (size_t i = 0; i < f->yaml.n; i++)
		if (f->yaml.documents[i] != NULL && add_document(l, f->yaml.documents[i], 0) < 0)
			return error_wrap(err, "%s", file);
	return 0;
}

/* ---- Queries. */

static const char *collapse(struct lint *l, const char *text)
{
	char *out = arena_alloc(l->arena, strlen(text) + 1);
	size_t n = 0;

	if (out == NULL)
		return NULL;
	for (; *text != '\0'; text++) {
		bool space = strchr(" \t\r\n\f\v", *text) != NULL;

		if (!space)
			out[n++] = *text;
		else if (n > 0 && out[n - 1] != ' ')
			out[n++] = ' ';
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return out;
}

/* What cannot be rendered has no text: the rule about it says so. */
static int read_query(struct lint *l, struct lint_query *out, const struct gotemplate *parts, const struct gotemplate_model *model,
		      bool promql)
{
	struct error err;
	struct buf text;
	int rc = 0;

	buf_init(&text, QUERY_MAX);
	if (gotemplate_render(&text, parts, model, &err) < 0)
		goto out;
	rc = -1;
	out->text = collapse(l, text.data == NULL ? "" : text.data);
	if (out->text == NULL) {
		error_nomem(l->err);
		goto out;
	}
	if (promql && promql_parse(&out->promql, text.data == NULL ? "" : text.data, l->arena, &err) < 0) {
		out->promql = NULL;
		out->syntax = lint_text(l, "%s", err.text);
	}
	rc = 0;
out:
	buf_free(&text);
	return rc;
}

static bool same_namespace(const char *a, const char *b)
{
	/* Left out, it is given on the command line or by kustomize: nobody knows it here. */
	return a == NULL || b == NULL || strcmp(a, b) == 0;
}

const struct lint_object *lint_template_of(const struct lint *l, const struct lint_object *canary, const struct canary_metric *metric)
{
	const char *namespace_ = metric->template_namespace;

	if (metric->template_name == NULL)
		return NULL;
	if (canary->namespace_ == NULL && strcmp(namespace_, canary->spec.namespace_) == 0)
		namespace_ = NULL;
	for (size_t i = 0; i < l->n; i++)
		if (l->objects[i].kind == OBJECT_TEMPLATE && strcmp(l->objects[i].name, metric->template_name) == 0 &&
		    same_namespace(l->objects[i].namespace_, namespace_))
			return &l->objects[i];
	return NULL;
}

int lint_query_of(struct lint *l, struct lint_query *out, const struct lint_object *canary, size_t metric)
{
	const struct canary_metric *m = &canary->spec.metrics[metric];
	const struct lint_object *template_ = lint_template_of(l, canary, m);
	const char *interval = yaml_string(lint_at(canary, lint_metric_path(l, canary, metric, "interval")));
	const struct gotemplate_model model = { .name = canary->spec.name,
						.namespace_ = canary->spec.namespace_,
						.target = canary->spec.target_name,
						.service = canary->spec.service_name,
						.ingress = *canary->spec.ingress_name == '\0' ? canary->spec.target_name
											      : canary->spec.ingress_name,
						.route = "route",
						.interval = interval == NULL ? (m->template_name == NULL ? "1m" : "") : interval,
						.n_variables = m->n_variables,
						.variable_names = m->variable_names,
						.variable_values = m->variable_values };
	struct gotemplate parts;
	struct error err;

	*out = (struct lint_query){ .path = lint_metric_path(l, canary, metric, m->query != NULL ? "query" : "templateRef") };
	if (out->path == NULL)
		return error_nomem(l->err);
	if (m->query == NULL)
		return template_ == NULL || !template_->parsed
			       ? 0
			       : read_query(l, out, &template_->parts, &model, strcmp(template_->provider, "prometheus") == 0);
	if (strlen(m->query) > QUERY_MAX)
		return 0;
	if (gotemplate_parse(&parts, m->query, l->arena, &err) < 0)
		return err.code == ERR_SYNTAX ? 0 : error_nomem(l->err);
	return read_query(l, out, &parts, &model, true);
}

bool lint_is_builtin(const char *metric)
{
	return strcmp(metric, "request-success-rate") == 0 || strcmp(metric, "request-duration") == 0;
}

bool lint_is_traefik(const struct lint_object *canary)
{
	return strcmp(canary->spec.provider, "traefik") == 0;
}

/* ---- Running. */

const struct lint_rule *lint_rule(size_t i)
{
	return i < lint_n_rules ? &lint_rules[i].about : NULL;
}

const struct rule *lint_rule_find(const char *id)
{
	for (size_t i = 0; i < lint_n_rules; i++)
		if (strcmp(lint_rules[i].about.id, id) == 0)
			return &lint_rules[i];
	return NULL;
}

static int check_object(struct lint *l, const struct lint_object *o)
{
	for (size_t i = 0; i < lint_n_rules; i++) {
		const struct rule *rule = &lint_rules[i];

		if (rule->check == NULL || (rule->kinds & 1U << o->kind) == 0 || (rule->judged && !o->judged))
			continue;
		if (rule->check(l, rule, o) < 0)
			return -1;
	}
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct lint_problem *x = a, *y = b;

	if (x->file_index != y->file_index)
		return x->file_index < y->file_index ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	if (x->rule != y->rule)
		return strcmp(x->rule->id, y->rule->id);
	return strcmp(x->text, y->text);
}

static int show_metric(struct lint *l, struct lint_metric *out, const struct lint_object *o, size_t i)
{
	const struct lint_object *template_ = lint_template_of(l, o, &o->spec.metrics[i]);
	struct lint_query query;

	if (lint_query_of(l, &query, o, i) < 0)
		return -1;
	*out = (struct lint_metric){ .metric = &o->spec.metrics[i],
				     .builtin = lint_is_builtin(o->spec.metrics[i].name),
				     .query = query.text,
				     .provider = template_ == NULL ? NULL : template_->provider };
	if (out->metric->template_name != NULL)
		out->template_ = lint_text(l, "%s/%s", out->metric->template_namespace, out->metric->template_name);
	return 0;
}

static int show_canary(struct lint *l, struct lint_canary *out, const struct lint_object *o)
{
	struct lint_metric *metrics = arena_alloc(l->arena, o->spec.n_metrics * sizeof *metrics);
	int64_t steps = o->spec.iterations > 0 ? o->spec.iterations : (int64_t)o->n_weights;

	if (metrics == NULL)
		return error_nomem(l->err);
	*out = (struct lint_canary){ .file = l->files[o->file].name,
				     .line = o->node->line,
				     .refused = o->refused,
				     .analysed = lint_at(o, o->analysis) != NULL && *o->name != '\0',
				     .spec = o->spec,
				     .interval_text = yaml_string(lint_at(o, lint_analysis(l, o, "interval"))),
				     .n_weights = o->n_weights,
				     .weights = o->weights,
				     .duration = steps < 100000 ? steps * o->spec.interval : INT64_MAX,
				     .n_metrics = o->spec.n_metrics,
				     .metrics = metrics };
	for (size_t i = 0; i < o->spec.n_metrics; i++)
		if (show_metric(l, &metrics[i], o, i) < 0)
			return -1;
	return 0;
}

static int show(struct lint *l, struct lint_result *out)
{
	struct lint_canary *canaries = arena_alloc(l->arena, l->n * sizeof *canaries);
	struct lint_template *templates = arena_alloc(l->arena, l->n * sizeof *templates);

	if (canaries == NULL || templates == NULL)
		return error_nomem(l->err);
	for (size_t i = 0; i < l->n; i++) {
		const struct lint_object *o = &l->objects[i];

		if (o->kind == OBJECT_CANARY && show_canary(l, &canaries[out->n_canaries++], o) < 0)
			return -1;
		if (o->kind == OBJECT_TEMPLATE)
			templates[out->n_templates++] = (struct lint_template){ .file = l->files[o->file].name,
										.line = o->node->line,
										.namespace_ = o->namespace_ == NULL ? "default"
														    : o->namespace_,
										.name = o->name,
										.provider = o->provider };
		out->n_others += o->kind == OBJECT_OTHER;
	}
	out->canaries = canaries;
	out->templates = templates;
	return 0;
}

int lint_run(struct lint *l, struct lint_result *out, struct error *err)
{
	*out = (struct lint_result){ 0 };
	l->err = err;
	for (size_t i = 0; i < l->n; i++)
		if (check_object(l, &l->objects[i]) < 0)
			return -1;
	if (l->n_problems > 0)
		qsort(l->problems, l->n_problems, sizeof *l->problems, by_place);
	for (size_t i = 0; i < l->n_problems; i++)
		out->n[l->problems[i].rule->severity]++;
	out->problems = l->problems;
	out->n_problems = l->n_problems;
	return show(l, out);
}
