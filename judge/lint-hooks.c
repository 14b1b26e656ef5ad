/* Webhooks, alerts, and secrets that do not belong in a manifest (facts/flagger.md 4; case 05). */
#include <string.h>

#include "gonogo/error.h"
#include "lint.h"

static const char *hook_path(struct lint *l, size_t i, const char *field)
{
	return lint_text(l, "spec.analysis.webhooks[%zu]%s%s", i, *field == '\0' ? "" : ".", field);
}

static bool holds_one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasestr(text, *words) != NULL)
			return true;
	return false;
}

/* What people write where they mean "tell me". */
static bool is_notifier(struct lint *l, const struct lint_object *o, size_t i)
{
	static const char *const places[] = { "notif", "slack",     "teams",    "discord", "mattermost", "telegram", "rocket",  "chat",
					      "alert", "pagerduty", "opsgenie", "mail",    "sms",        "hooks.",   "message", NULL };
	static const char *const names[] = { "tell ", "inform", "announce", NULL };
	static const char *const keys[] = { "text", "message", "channel", "title", "subject" };
	const struct canary_webhook *hook = &o->spec.webhooks[i];

	if (holds_one_of(hook->url, places) || holds_one_of(hook->name, places) || holds_one_of(hook->name, names))
		return true;
	for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
		if (yaml_get(lint_at(o, hook_path(l, i, "metadata")), keys[k]) != NULL)
			return true;
	return false;
}

/* The load tester's gates are closed until somebody opens them; gonogo's are named so too. */
static bool is_gate(const char *url)
{
	return strstr(url, "/rollback/") != NULL || strstr(url, "/gate") != NULL;
}

LINT_RULE(rollback_hook_notifier)
{
	for (size_t i = 0; i < o->spec.n_webhooks; i++) {
		const struct canary_webhook *hook = &o->spec.webhooks[i];

		if (strcmp(hook->type, "rollback") != 0 || is_gate(hook->url) || !is_notifier(l, o, i))
			continue;
		if (lint_problem_add(l, rule, o, hook_path(l, i, ""),
				     lint_text(l,
					       "the rollback hook `%s` looks like a notifier: a rollback hook rolls back when it is "
					       "answered with success, on the first check of every "
					       "release",
					       hook->name),
				     "To be told use a hook of type `event` or `post-rollout`, or `alerts`; a rollback hook must answer "
				     "403 until a rollback is wanted.") < 0)
			return -1;
	}
	return 0;
}

LINT_RULE(rollback_hook_answer)
{
	for (size_t i = 0; i < o->spec.n_webhooks; i++) {
		const struct canary_webhook *hook = &o->spec.webhooks[i];

		if (strcmp(hook->type, "rollback") != 0 || is_gate(hook->url) || is_notifier(l, o, i))
			continue;
		if (lint_problem_add(
			    l, rule, o, hook_path(l, i, ""),
			    lint_text(l,
				      "the rollback hook `%s` asks \"shall I roll back?\" on every check; any answer up to 202 means yes",
				      hook->name),
			    "See that it answers 403 until a rollback is wanted.") < 0)
			return -1;
	}
	return 0;
}

LINT_RULE(event_hook_replaces)
{
	for (size_t i = 0; i < o->spec.n_webhooks; i++)
		if (strcmp(o->spec.webhooks[i].type, "event") == 0)
			return lint_problem_add(l, rule, o, hook_path(l, i, ""),
						"event hooks of a Canary replace the global -event-webhook: that one hears nothing of it",
						"Where a collector listens there, add its URL here as well.");
	return 0;
}

LINT_RULE(gate_without_limit)
{
	for (size_t i = 0; i < o->spec.n_webhooks; i++) {
		const struct canary_webhook *hook = &o->spec.webhooks[i];

		if (strncmp(hook->type, "confirm-", 8) != 0)
			continue;
		if (lint_problem_add(l, rule, o, hook_path(l, i, ""),
				     lint_text(l, "the %s gate `%s` has no time limit: without an answer the rollout waits for ever",
					       hook->type, hook->name),
				     "Name who opens it and by when; the criteria's blast.deadline counts meanwhile.") < 0)
			return -1;
	}
	return 0;
}

LINT_RULE(alert_severity)
{
	const struct yaml_node *alerts = lint_at(o, "spec.analysis.alerts");

	for (size_t i = 0; alerts != NULL && alerts->kind == YAML_SEQUENCE && i < alerts->n; i++) {
		const char *severity = yaml_string(yaml_get(alerts->items[i], "severity")),
			   *name = yaml_string(yaml_get(alerts->items[i], "name"));

		if (severity != NULL && *severity != '\0')
			continue;
		if (lint_problem_add(l, rule, o, lint_text(l, "spec.analysis.alerts[%zu]", i),
				     lint_text(l, "the alert `%s` has no severity: nothing is ever sent", name == NULL ? "" : name),
				     "Add `severity: error` (or info, warn).") < 0)
			return -1;
	}
	return 0;
}

/* "//USER:PASSWORD@": never quoted. */
static bool has_user_part(const char *url)
{
	const char *start = url == NULL ? NULL : strstr(url, "://");

	return start != NULL && memchr(start + 3, '@', strcspn(start + 3, "/")) != NULL;
}

static int check_url(struct lint *l, const struct rule *rule, const struct lint_object *o, const char *path)
{
	if (path == NULL)
		return error_nomem(l->err);
	if (!has_user_part(yaml_string(lint_at(o, path))))
		return 0;
	return lint_problem_add(
		l, rule, o, path, "a user and password stand in the URL, for everyone who can read the manifest or the object",
		"Name a Secret in `secretRef` where there is one, or protect the receiver by a NetworkPolicy; then change the password.");
}

static int check_headers(struct lint *l, const struct rule *rule, const struct lint_object *o)
{
	static const char *const secret[] = { "authorization", "api-key", "apikey", "token", "password", "secret", "cookie", NULL };
	const struct yaml_node *headers = lint_at(o, "spec.provider.headers");

	for (size_t i = 0; headers != NULL && headers->kind == YAML_MAPPING && i < headers->n; i++)
		if (holds_one_of(headers->members[i].key, secret))
			return lint_problem_add(
				l, rule, o, "spec.provider.headers",
				lint_text(l, "the header `%s` stands in the manifest with its value", headers->members[i].key),
				"Put the credentials into a Secret and name it in `secretRef`.");
	return 0;
}

LINT_RULE(credentials)
{
	const struct yaml_node *webhooks = lint_at(o, "spec.analysis.webhooks");

	if (o->kind == OBJECT_TEMPLATE)
		return check_url(l, rule, o, "spec.provider.address") < 0 ? -1 : check_headers(l, rule, o);
	for (size_t i = 0; webhooks != NULL && webhooks->kind == YAML_SEQUENCE && i < webhooks->n; i++)
		if (check_url(l, rule, o, hook_path(l, i, "url")) < 0)
			return -1;
	return check_url(l, rule, o, "spec.metricsServer");
}
