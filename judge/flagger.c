#include "flagger.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/instant.h"

struct parse {
	struct flagger_message *out;
	struct arena *arena;
	bool nomem;
};

static char *copy(struct parse *p, const char *text, size_t len)
{
	char *s = arena_strndup(p->arena, text, len);

	if (s == NULL)
		p->nomem = true;
	return s;
}

static bool begins(const char *text, const char *prefix, const char **rest)
{
	size_t n = strlen(prefix);

	if (strncmp(text, prefix, n) != 0)
		return false;
	*rest = text + n;
	return true;
}

static bool ends(const char *text, const char *suffix)
{
	size_t n = strlen(text), k = strlen(suffix);

	return n >= k && strcmp(text + n - k, suffix) == 0;
}

/* The last number of the text, or NaN. */
static double last_number(const char *text)
{
	const char *space = strrchr(text, ' ');
	char *end;
	double value;

	if (space == NULL)
		return NAN;
	value = strtod(space + 1, &end);
	return end == space + 1 ? NAN : value;
}

/* The same as a count; -1 where it is none: cluster text may say "nan" or 1e300. */
static int64_t last_count(const char *text)
{
	double value = last_number(text);

	return value >= 0 && value < 1e9 ? (int64_t)value : -1;
}

/* Go's %v of a float or a duration: "99.00", "+Inf", "NaN", "1e+06", "1.515s"; a trailing "%" is passed over. Durations become seconds. */
static bool value_of(const char *text, size_t len, double *out)
{
	char number[64], *end;
	int64_t span;

	if (len == 0 || len >= sizeof number)
		return false;
	memcpy(number, text, len);
	number[len] = '\0';
	if (number[len - 1] == '%')
		number[len - 1] = '\0';
	*out = strtod(number, &end);
	if (end != number && *end == '\0')
		return true;
	if (duration_parse(&span, number[0] == '-' ? number + 1 : number, NULL) < 0)
		return false;
	*out = (double)span / (double)NS_PER_S * (number[0] == '-' ? -1 : 1);
	return true;
}

/* "NAME VALUE OP LIMIT", right to left: names are free text. */
static bool comparison(struct parse *p, const char *text)
{
	const char *end = text + strlen(text), *limit = end, *op, *value;

	while (limit > text && limit[-1] != ' ')
		limit--;
	op = limit - 2;
	if (op <= text || (*op != '<' && *op != '>') || op[-1] != ' ')
		return false;
	value = op - 1;
	while (value > text && value[-1] != ' ')
		value--;
	if (value <= text + 1 || !value_of(limit, (size_t)(end - limit), &p->out->limit) ||
	    !value_of(value, (size_t)(op - 1 - value), &p->out->value))
		return false;
	p->out->op = *op;
	p->out->metric = copy(p, text, (size_t)(value - 1 - text));
	return true;
}

/* "Halt c.ns advancement …" */
static bool halt(struct parse *p, const char *text)
{
	const char *rest = strstr(text, " advancement "), *hook;

	if (rest == NULL)
		return false;
	rest += strlen(" advancement ");
	if (begins(rest, "external check ", &hook)) {
		p->out->kind = MESSAGE_HOOK_FAILED;
	} else if (begins(rest, "pre-rollout check ", &hook)) {
		p->out->kind = MESSAGE_PRE_ROLLOUT_FAILED;
	} else if (begins(rest, "waiting for ", &hook)) {
		p->out->kind = MESSAGE_WAIT;
		p->out->detail = copy(p, hook, strlen(hook));
		return true;
	} else {
		if (!comparison(p, rest))
			return false;
		p->out->kind = MESSAGE_HALT_CUSTOM;
		if (p->out->metric != NULL && strcmp(p->out->metric, "success rate") == 0) {
			p->out->kind = MESSAGE_HALT_SUCCESS_RATE;
			p->out->metric = "request-success-rate";
		} else if (p->out->metric != NULL && strcmp(p->out->metric, "request duration") == 0) {
			p->out->kind = MESSAGE_HALT_LATENCY;
			p->out->metric = "request-duration";
		}
		return true;
	}
	rest = strstr(hook, " failed ");
	p->out->hook = copy(p, hook, rest == NULL ? strlen(hook) : (size_t)(rest - hook));
	if (rest != NULL)
		p->out->detail = copy(p, rest + 8, strlen(rest + 8));
	return true;
}

/* "Halt advancement no values found for …" in its three shapes. */
static bool no_values(struct parse *p, const char *text)
{
	const char *rest, *end, *name;

	p->out->kind = MESSAGE_NO_VALUES;
	if (begins(text, "custom metric: ", &rest) || begins(text, "metric: ", &rest)) {
		end = strstr(rest, ": ");
		p->out->metric = copy(p, rest, end == NULL ? strlen(rest) : (size_t)(end - rest));
		return true;
	}
	name = strstr(text, " metric ");
	if (name == NULL)
		return true;
	p->out->provider = copy(p, text, (size_t)(name - text));
	name += strlen(" metric ");
	end = strstr(name, " probably ");
	p->out->metric = copy(p, name, end == NULL ? strcspn(name, " ") : (size_t)(end - name));
	return true;
}

/* "Advance c.ns canary weight 10", "… canary iteration 2/6", "… primary weight 90". */
static bool advance(struct parse *p, const char *text)
{
	const char *at;
	char *end;

	if ((at = strstr(text, " canary weight ")) != NULL) {
		p->out->kind = MESSAGE_WEIGHT;
		p->out->weight = last_number(at);
		return true;
	}
	if ((at = strstr(text, " primary weight ")) != NULL) {
		p->out->kind = MESSAGE_PROMOTION_WEIGHT;
		p->out->weight = last_number(at);
		return true;
	}
	at = strstr(text, " canary iteration ");
	if (at == NULL)
		return false;
	p->out->kind = MESSAGE_ITERATION;
	p->out->iteration = strtoll(at + strlen(" canary iteration "), &end, 10);
	if (*end == '/')
		p->out->iterations = strtoll(end + 1, &end, 10);
	return true;
}

static bool roll_back(struct parse *p, const char *text)
{
	if (strstr(text, " failed checks threshold reached ") != NULL) {
		p->out->kind = MESSAGE_ROLLBACK_THRESHOLD;
		p->out->count = last_count(text);
	} else if (ends(text, " manual webhook invoked")) {
		p->out->kind = MESSAGE_ROLLBACK_MANUAL;
	} else if (strstr(text, " progress deadline exceeded") != NULL) {
		p->out->kind = MESSAGE_ROLLBACK_DEADLINE;
	} else {
		return false;
	}
	return true;
}

static bool query_failed(struct parse *p, const char *text)
{
	const char *rest, *end;

	p->out->kind = MESSAGE_QUERY_FAILED;
	if (begins(text, " for ", &rest)) {
		end = strstr(rest, ": ");
		p->out->metric = copy(p, rest, end == NULL ? strlen(rest) : (size_t)(end - rest));
	}
	return true;
}

/* "Metric template NAME.NS query render error: …": the configuration, never the release. */
static bool template_failed(struct parse *p, const char *text)
{
	p->out->kind = MESSAGE_CONFIG_FAILED;
	p->out->metric = copy(p, text, strcspn(text, " "));
	return true;
}

/* "Confirm-rollout check HOOK passed" and its like. */
static bool hook_result(struct parse *p, const char *text, const char *word, enum message_kind kind)
{
	const char *end = strstr(text, word);

	if (end == NULL)
		return false;
	p->out->kind = kind;
	p->out->hook = copy(p, text, (size_t)(end - text));
	return true;
}

/* Texts that say all by how they begin. */
static const struct {
	const char *prefix;
	enum message_kind kind;
} plain[] = {
	{ "all the metrics providers are available!", MESSAGE_INIT },
	{ "Error checking metric providers: ", MESSAGE_INIT_FAILED },
	{ "Initialization done! ", MESSAGE_INIT_DONE },
	{ "New revision detected! Scaling up ", MESSAGE_NEW_REVISION },
	{ "New revision detected! Restarting analysis for ", MESSAGE_RESTART },
	{ "Starting canary analysis for ", MESSAGE_START },
	{ "Routing all traffic to canary", MESSAGE_SWITCH },
	{ "Stop traffic mirroring and route all traffic to canary", MESSAGE_SWITCH },
	{ "Copying ", MESSAGE_COPY },
	{ "Routing all traffic to primary", MESSAGE_SHIFT_BACK },
	{ "Promotion completed! Canary analysis was skipped for ", MESSAGE_SUCCESS_SKIPPED },
	{ "Promotion completed! Scaling down ", MESSAGE_SUCCESS },
	{ "Error building Prometheus client for ", MESSAGE_CONFIG_FAILED },
	{ "Metric query failed for no usable metrics template", MESSAGE_QUERY_FAILED },
	{ "Canary failed! Scaling down ", MESSAGE_FAILED },
	{ "skipping canary run as object is suspended", MESSAGE_SUSPENDED },
	{ "Terminating canary ", MESSAGE_TERMINATING },
	{ "Terminated canary ", MESSAGE_TERMINATED },
	{ "Progressive traffic is not supported when using the kubernetes provider", MESSAGE_NO_PROGRESSIVE },
	{ "Setting canaryAnalysis.iterations: ", MESSAGE_SETTING_ITERATIONS },
};

static bool dispatch(struct parse *p, const char *text)
{
	const char *rest;

	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (begins(text, plain[i].prefix, &rest)) {
			p->out->kind = plain[i].kind;
			return true;
		}
	if (begins(text, "Advance ", &rest))
		return advance(p, text);
	if (begins(text, "Halt advancement no values found for ", &rest))
		return no_values(p, rest);
	if (begins(text, "Halt ", &rest))
		return halt(p, text);
	if (begins(text, "Prometheus query failed", &rest) || begins(text, "Metric query failed", &rest))
		return query_failed(p, rest);
	if (begins(text, "Metric template ", &rest))
		return template_failed(p, rest);
	if (begins(text, "Rolling back ", &rest))
		return roll_back(p, text);
	if (begins(text, "Rollback hook ", &rest))
		return hook_result(p, rest, " not signaling a rollback", MESSAGE_ROLLBACK_HOOK_QUIET);
	if (begins(text, "Rollback check ", &rest))
		return hook_result(p, rest, " passed", MESSAGE_ROLLBACK_HOOK_PASSED);
	if (begins(text, "Pre-rollout check ", &rest))
		return hook_result(p, rest, " passed", MESSAGE_PRE_ROLLOUT_PASSED);
	if (begins(text, "Post-rollout hook ", &rest))
		return hook_result(p, rest, " failed", MESSAGE_POST_ROLLOUT_FAILED);
	if (begins(text, "Post-rollout check ", &rest))
		return hook_result(p, rest, " passed", MESSAGE_POST_ROLLOUT_PASSED);
	if (begins(text, "Confirm-", &rest) && (rest = strstr(rest, " check ")) != NULL)
		return hook_result(p, rest + strlen(" check "), " passed", MESSAGE_CONFIRMED);
	if (begins(text, "Promotion of ", &rest) && strstr(rest, " failed, primary not ready") != NULL) {
		p->out->kind = MESSAGE_PROMOTION_FAILED;
		return true;
	}
	if (strstr(text, " not ready: ") != NULL) {
		p->out->kind = MESSAGE_NOT_READY;
		return true;
	}
	return false;
}

int flagger_message_parse(struct flagger_message *out, const char *text, bool warning, struct arena *arena)
{
	struct parse p = { .out = out, .arena = arena };
	const char *rest;

	*out = (struct flagger_message){
		.warning = warning, .value = NAN, .limit = NAN, .weight = NAN, .iteration = -1, .iterations = -1, .count = -1
	};
	if (begins(text, "(combined from similar events): ", &rest)) {
		out->combined = true;
		text = rest;
	}
	out->text = copy(&p, text, strlen(text));
	if (!dispatch(&p, text))
		out->kind = MESSAGE_UNKNOWN;
	return p.nomem ? -1 : 0;
}

bool flagger_message_is_failed_check(enum message_kind kind)
{
	switch (kind) {
	case MESSAGE_HALT_SUCCESS_RATE:
	case MESSAGE_HALT_LATENCY:
	case MESSAGE_HALT_CUSTOM:
	case MESSAGE_NO_VALUES:
	case MESSAGE_QUERY_FAILED:
	case MESSAGE_CONFIG_FAILED:
	case MESSAGE_HOOK_FAILED:
	case MESSAGE_PRE_ROLLOUT_FAILED:
		return true;
	default:
		return false;
	}
}
