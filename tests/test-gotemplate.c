#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/gotemplate.h"

static const char *const names[] = { "direction", "quantile" };
static const char *const values[] = { "inbound", "0.95" };
static const struct gotemplate_model model = { .name = "c",
					       .namespace_ = "n",
					       .target = "t",
					       .service = "s",
					       .ingress = "i",
					       .route = "r",
					       .interval = "1m",
					       .n_variables = 2,
					       .variable_names = names,
					       .variable_values = values };

static int render(struct buf *out, const char *text, struct error *err)
{
	struct arena *arena = arena_new(1 << 20);
	struct gotemplate parts;
	int rc = gotemplate_parse(&parts, text, arena, err);

	buf_reset(out);
	if (rc == 0)
		rc = gotemplate_render(out, &parts, &model, err);
	arena_free(arena);
	return rc;
}

/* Flagger renders with text/template: the expectations are what Go 1.26 prints. */
static void renders_as_go_does(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "", "" },
		{ "plain } text", "plain } text" },
		{ "{{name}} {{ namespace }} {{  target\t}} {{ service }} {{ ingress }} {{ route }} {{ interval }}", "c n t s i r 1m" },
		{ "{{ variables.direction }}/{{variables.quantile}}", "inbound/0.95" },
		{ "a \n {{- target -}} \n b", "atb" },
		{ "a {{ target -}}  b", "a tb" },
		{ "a{{/* why */}}b", "ab" },
		{ "a {{- /* why */ -}} b", "ab" },
		{ "{{ target }}{{ target }}", "tt" },
		{ "{{ namespace}}}", "n}" },
	};
	struct error err;
	struct buf out;

	(void)state;
	buf_init(&out, 1 << 16);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (render(&out, cases[i].text, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_string_equal(out.data == NULL ? "" : out.data, cases[i].expected);
	}
	buf_free(&out);
}

static void names_what_it_cannot_render(void **state)
{
	static const struct {
		const char *text, *what;
		enum error_code code;
	} cases[] = {
		{ "{{ variables.zone }}", "\"zone\"", ERR_NOT_FOUND },
		{ "{{ .Target }}", "without a dot", ERR_SYNTAX },
		{ "{{ targett }}", "no such function", ERR_SYNTAX },
		{ "{{ }}", "must hold something", ERR_SYNTAX },
		{ "{{ /* not here */ }}", "no action begins so", ERR_SYNTAX },
		{ "{{ variables.my-key }}", "letters, digits and _", ERR_SYNTAX },
		{ "{{-target}}", "no action begins so", ERR_SYNTAX },
		{ "{{ target", "without `}}`", ERR_SYNTAX },
		{ "{{ if true }}x{{ end }}", "not rendered", ERR_SYNTAX },
		{ "{{ printf \"%s\" target }}", "not rendered", ERR_SYNTAX },
		{ "{{ target | urlquery }}", "not rendered", ERR_SYNTAX },
		{ "{{ variables }}", "not rendered", ERR_SYNTAX },
	};
	struct error err;
	struct buf out;

	(void)state;
	buf_init(&out, 1 << 16);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(render(&out, cases[i].text, &err), -1);
		assert_int_equal(err.code, cases[i].code);
		if (strstr(err.text, cases[i].what) == NULL)
			fail_msg("%s: %s", cases[i].text, err.text);
	}
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renders_as_go_does),
		cmocka_unit_test(names_what_it_cannot_render),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
