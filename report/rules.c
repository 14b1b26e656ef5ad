/* rollback-rules.yaml and its manifest. Every scalar is double-quoted: names and owners are hostile. */
#include "rules.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "formats.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/instant.h"
#include "gonogo/output.h"
#include "gonogo/rollout.h"
#include "gonogo/utf8.h"

const char *rules_name(char text[static RULE_NAME_MAX], const struct condition *condition)
{
	bool upper = true;
	size_t n;

	(void)snprintf(text, RULE_NAME_MAX, "%s", strcmp(condition->scope, "during") == 0 ? "Canary" : "Promoted");
	n = strlen(text);
	for (const char *p = condition->rule; *p != '\0' && n + 1 < RULE_NAME_MAX; p++) {
		if (isalnum((unsigned char)*p))
			text[n++] = upper ? (char)toupper((unsigned char)*p) : *p;
		upper = !isalnum((unsigned char)*p);
	}
	text[n] = '\0';
	return text;
}

void rules_quote(struct buf *out, const char *text, bool annotation)
{
	struct buf clean;

	buf_init(&clean, 16 * strlen(text) + 64);
	utf8_clean(&clean, text, strlen(text));
	buf_putc(out, '"');
	for (const char *p = clean.data; p != NULL && *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *p);
		/* {{ begins an action of Prometheus' templates; written as one that gives the text. */
		if (annotation && p[0] == '{' && p[1] == '{') {
			out->len--;
			buf_puts(out, "{{`{{`}}");
			p++;
		}
	}
	buf_putc(out, '"');
	if (clean.failed)
		out->failed = true;
	buf_free(&clean);
}

static void put_member(struct buf *out, int indent, const char *key, const char *value, bool annotation)
{
	buf_printf(out, "%*s%s: ", indent, "", key);
	rules_quote(out, value, annotation);
	buf_putc(out, '\n');
}

void rules_labels(struct buf *out, const struct assessment *a, const struct condition *condition, int indent)
{
	put_member(out, indent, "severity", "critical", true);
	put_member(out, indent, "namespace", a->rollout->namespace_, true);
	put_member(out, indent, "canary", a->rollout->canary, true);
	put_member(out, indent, "criterion", condition->rule, true);
	put_member(out, indent, "condition", condition->id, true);
}

void rules_annotations(struct buf *out, const struct condition *condition, int indent)
{
	put_member(out, indent, "summary", condition->trigger, true);
	put_member(out, indent, "owner", condition->owner == NULL ? "owner not named" : condition->owner, true);
	put_member(out, indent, "action", condition->action, true);
	put_member(out, indent, "verify", condition->verify, true);
}

static void put_rule(struct buf *out, const struct assessment *a, const struct condition *c, int indent)
{
	char name[RULE_NAME_MAX];

	buf_printf(out, "%*s- alert: %s\n%*sexpr: ", indent, "", rules_name(name, c), indent + 2, "");
	rules_quote(out, c->query, false);
	buf_printf(out, "\n%*slabels:\n", indent + 2, "");
	rules_labels(out, a, c, indent + 4);
	buf_printf(out, "%*sannotations:\n", indent + 2, "");
	rules_annotations(out, c, indent + 4);
}

static size_t count_rules(const struct assessment *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n_conditions; i++)
		n += a->conditions[i].query != NULL;
	return n;
}

static void put_groups(struct buf *out, const struct assessment *a, int indent)
{
	if (count_rules(a) == 0) {
		buf_printf(out, "%*sgroups: []\n", indent, "");
		return;
	}
	buf_printf(out, "%*sgroups:\n%*s- name: ", indent, "", indent, "");
	rules_quote(out, a->rollout->id, false);
	buf_printf(out, "\n%*srules:\n", indent + 2, "");
	for (size_t i = 0; i < a->n_conditions; i++)
		if (a->conditions[i].query != NULL)
			put_rule(out, a, &a->conditions[i], indent + 2);
}

/* A comment is one line, whatever the text holds. */
static void put_comment(struct buf *out, const char *before, const char *text)
{
	buf_printf(out, "# %s", before);
	utf8_clean(out, text, strlen(text));
	buf_putc(out, '\n');
}

static void put_head(struct buf *out, const struct assessment *a)
{
	put_comment(out, "Rollback conditions of rollout ", a->rollout->id);
	put_comment(out, "", "The numbers are those of its baseline: make them anew with the next rollout's package.");
	for (size_t i = 0; i < a->n_conditions; i++)
		if (a->conditions[i].query == NULL) {
			buf_printf(out, "# %s has no query: ", a->conditions[i].id);
			utf8_clean(out, a->conditions[i].trigger, strlen(a->conditions[i].trigger));
			buf_putc(out, '\n');
		}
}

int rules_render(struct buf *out, const struct package *package, struct error *err)
{
	put_head(out, package->assessment);
	put_groups(out, package->assessment, 0);
	return buf_check(out, "rollback-rules.yaml", err);
}

/* RFC 1123: what a Kubernetes object may be called. */
static void put_object_name(struct buf *out, const char *canary)
{
	buf_puts(out, "gonogo-rollback-");
	for (size_t i = 0; canary[i] != '\0' && i < 200; i++)
		buf_putc(out, islower((unsigned char)canary[i]) || isdigit((unsigned char)canary[i]) ? canary[i] : '-');
	buf_puts(out, "-rules");
}

int rules_manifest_render(struct buf *out, const struct package *package, struct error *err)
{
	const struct assessment *a = package->assessment;

	put_head(out, a);
	buf_puts(out, "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: ");
	put_object_name(out, a->rollout->canary);
	buf_puts(out, "\n  namespace: ");
	rules_quote(out, a->rollout->namespace_, false);
	buf_puts(out, "\nspec:\n");
	put_groups(out, a, 2);
	return buf_check(out, "rollback-prometheusrule.yaml", err);
}
