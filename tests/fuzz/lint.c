/* Manifests, Go's templates, PromQL, and all three outputs. */
#include <stddef.h>
#include <stdint.h>

#include "../../report/lint-output.h"
#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print(const struct lint_result *result)
{
	struct buf out;

	buf_init(&out, (size_t)1 << 26);
	lint_print_text(&out, result);
	lint_print_json(&out, result);
	lint_print_sarif(&out, result);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct lint_options options = { .scrape = 30 * NS_PER_S };
	struct arena *arena = arena_new((size_t)1 << 28);
	struct lint *lint = lint_new(&options, arena);
	struct lint_result result;
	struct error err;

	if (lint != NULL && lint_add(lint, "fuzz.yaml", (const char *)data, size, &err) == 0 && lint_run(lint, &result, &err) == 0)
		print(&result);
	lint_free(lint);
	arena_free(arena);
	return 0;
}
