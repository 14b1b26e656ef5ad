/* A rollout whose rows are the fuzzer's: kind by the first byte, split at NULs. From rows to a judgement nothing may crash. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROWS_MAX 64

static const struct {
	enum source source;
	const char *kind, *subject, *request;
} kinds[] = {
	{ SOURCE_KUBERNETES, "modified", "Canary develop/backend", "" },
	{ SOURCE_KUBERNETES, "listed", "Event develop/e", "" },
	{ SOURCE_KUBERNETES, "modified", "TraefikService develop/backend", "" },
	{ SOURCE_KUBERNETES, "listed", "Deployment develop/backend", "" },
	{ SOURCE_KUBERNETES, "listed", "Pod develop/p", "" },
	{ SOURCE_KUBERNETES, "listed", "MetricTemplate develop/m", "" },
	{ SOURCE_FLAGGER, "event", "Canary develop/backend", "POST /event" },
	{ SOURCE_PROMETHEUS, "samples", "Canary develop/backend", "GET /x" },
	{ SOURCE_COLLECTOR, "gap", "events develop", "" },
	{ SOURCE_PROMETHEUS, "info", "Prometheus main", "flagger_info" },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)1 << 26);
	struct observation rows[ROWS_MAX] = { 0 };
	struct evidence evidence = { rows, 0, ROWS_MAX, "fuzz" };
	const struct assess_options options = { .at = INSTANT_NONE };
	struct rollouts rollouts;
	struct criteria criteria;
	struct error err;

	while (size > 1 && evidence.n < ROWS_MAX) {
		size_t kind = data[0] % (sizeof kinds / sizeof kinds[0]);
		const uint8_t *end = memchr(data + 1, 0, size - 1);
		size_t len = end == NULL ? size - 1 : (size_t)(end - data - 1);
		struct observation *row = &rows[evidence.n];

		*row = (struct observation){ .seq = (int64_t)evidence.n + 1,
					     .received_at = INT64_C(1773133200000000000) + (int64_t)evidence.n * 1000000000,
					     .boot_id = "",
					     .source = kinds[kind].source,
					     .kind = kinds[kind].kind,
					     .subject = kinds[kind].subject,
					     .request = kinds[kind].request,
					     .marks = "",
					     .body_len = len };
		row->body = arena_strndup(arena, (const char *)data + 1, len);
		evidence.n++;
		data += 1 + len + (end != NULL);
		size -= 1 + len + (end != NULL);
	}
	if (criteria_parse(&criteria, NULL, 0, NULL, NULL, NULL, arena, &err) == 0 &&
	    rollouts_derive(&rollouts, &evidence, arena, NULL, &err) == 0)
		for (size_t i = 0; i < rollouts.n; i++) {
			struct assessment a;

			(void)assess(&a, &evidence, &rollouts.v[i], &criteria, &options, arena, &err);
		}
	arena_free(arena);
	return 0;
}
