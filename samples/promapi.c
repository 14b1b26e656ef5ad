#include "promapi.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/json.h"
#include "promstore.h"
#include "recording.h"
#include "selector.h"

/* Prometheus' --query.lookback-delta, in ms. */
#define LOOKBACK 300000

static void put_error(struct answer *out, unsigned status, const char *type, const char *text)
{
	struct json_writer w;

	buf_reset(&out->body);
	out->status = status;
	json_writer_init(&w, &out->body, 0);
	json_begin_object(&w, NULL);
	json_put_string(&w, "status", "error");
	json_put_string(&w, "errorType", type);
	json_put_string(&w, "error", text);
	json_end_object(&w);
}

/* As Prometheus writes a time: "1795579069.980", "1795579069". */
static void put_time(struct buf *out, int64_t ms)
{
	if (ms % 1000 != 0)
		buf_printf(out, "%lld.%03lld", (long long)(ms / 1000), (long long)(ms % 1000));
	else
		buf_printf(out, "%lld", (long long)(ms / 1000));
}

/* Values hold digits, NaN, Inf: nothing to escape; a hostile recording's are escaped all the same. */
static void put_value(struct buf *out, const char *value)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	json_put_string(&w, NULL, value);
}

static void put_pair(struct buf *out, int64_t ms, const char *value)
{
	buf_putc(out, '[');
	put_time(out, ms);
	buf_putc(out, ',');
	put_value(out, value);
	buf_putc(out, ']');
}

/* Prometheus 2: both ends of a range belong to it. now, at: ms. */
static void put_matrix(struct buf *out, const struct promstore *store, const struct selector *selector, int64_t at, int64_t now)
{
	const char *comma = "";

	for (size_t i = 0; i < store->n; i++) {
		const struct series *s = &store->v[i];
		size_t first, n = series_span(s, at - selector->range / NS_PER_MS, at < now ? at : now, &first);

		if (n == 0 || !selector_match(selector, s))
			continue;
		buf_printf(out, "%s{\"metric\":", comma);
		buf_puts(out, s->key);
		buf_puts(out, ",\"values\":[");
		for (size_t j = first; j < first + n; j++) {
			if (j > first)
				buf_putc(out, ',');
			put_pair(out, s->v[j].ms, s->v[j].value);
		}
		buf_puts(out, "]}");
		comma = ",";
	}
}

/* The last sample, unless it is older than the lookback or its target was scraped after it without it. */
static void put_vector(struct buf *out, const struct promstore *store, const struct selector *selector, int64_t at, int64_t now)
{
	int64_t to = at < now ? at : now;
	const char *comma = "";

	for (size_t i = 0; i < store->n; i++) {
		const struct series *s = &store->v[i];
		size_t first, n = series_span(s, at - LOOKBACK + 1, to, &first);
		const struct sample *last = n > 0 ? &s->v[first + n - 1] : NULL;

		if (last == NULL || !selector_match(selector, s) || target_scraped(s->target, last->ms, to))
			continue;
		buf_printf(out, "%s{\"metric\":", comma);
		buf_puts(out, s->key);
		buf_puts(out, ",\"value\":");
		put_pair(out, at, last->value);
		buf_putc(out, '}');
		comma = ",";
	}
}

/* Unix seconds or RFC 3339, in ms; absent: now. */
static int take_time(int64_t *out, const char *text, int64_t now, struct error *err)
{
	double seconds;
	int64_t instant;
	char *end;

	*out = now / NS_PER_MS;
	if (text == NULL || *text == '\0')
		return 0;
	errno = 0;
	seconds = strtod(text, &end);
	if (*end == '\0' && errno == 0 && fabs(seconds) < 9e12) {
		*out = llround(seconds * 1000);
		return 0;
	}
	if (instant_parse(&instant, text, NULL) < 0)
		return error_code(err, ERR_SYNTAX, "invalid parameter \"time\": cannot parse \"%.60s\" to a valid timestamp", text);
	*out = instant / NS_PER_MS;
	return 0;
}

static void answer_query(const struct promapi *api, const struct request *request, struct answer *out)
{
	const char *query = request->parameter(request, "query");
	struct selector selector;
	struct error err;
	int64_t at;

	if (take_time(&at, request->parameter(request, "time"), request->now, &err) < 0) {
		put_error(out, 400, "bad_data", err.text);
		return;
	}
	if (selector_parse(&selector, query != NULL ? query : "", &err) < 0) {
		put_error(out, err.code == ERR_SYNTAX ? 400 : 422, err.code == ERR_SYNTAX ? "bad_data" : "execution", err.text);
		goto out;
	}
	buf_printf(&out->body, "{\"status\":\"success\",\"data\":{\"resultType\":\"%s\",\"result\":[",
		   selector.range > 0 ? "matrix" : "vector");
	if (selector.range > 0)
		put_matrix(&out->body, api->store, &selector, at, request->now / NS_PER_MS);
	else
		put_vector(&out->body, api->store, &selector, at, request->now / NS_PER_MS);
	buf_puts(&out->body, "]}}");
out:
	selector_free(&selector);
}

/* buildinfo, config, targets, metadata: the recorded bytes. */
static bool answer_recorded(const struct promapi *api, const struct request *request, struct answer *out)
{
	for (size_t i = 0; i < api->recording->n_prom; i++) {
		if (strcmp(api->recording->prom[i].query, request->path) == 0) {
			buf_puts(&out->body, api->recording->prom[i].body);
			return true;
		}
	}
	return false;
}

void promapi_answer(const struct promapi *api, const struct request *request, struct answer *out)
{
	bool get = strcmp(request->method, "GET") == 0;

	out->status = 200;
	out->type = "application/json";
	if (request->now >= api->without_from && request->now <= api->without_to)
		put_error(out, 503, "unavailable", "this playing is without Prometheus now");
	else if (strcmp(request->path, "/api/v1/query") == 0 && (get || strcmp(request->method, "POST") == 0))
		answer_query(api, request, out);
	else if (get && request->path[0] == '/' && answer_recorded(api, request, out))
		return;
	else
		put_error(out, 404, "not_found", "gonogo-replay has no such path");
}
