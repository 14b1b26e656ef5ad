/* gonogo show: page one as text, also while the rollout runs. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "evidence-json.h"
#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/cli.h"
#include "gonogo/doc.h"
#include "gonogo/error.h"
#include "gonogo/utf8.h"
#include "version.h"

#define SHOW_MAX ((size_t)64 * 1024 * 1024)

static const struct option options[] = { CLI_OPTIONS, { "output", required_argument, NULL, 'o' }, { NULL, 0, NULL, 0 } };

static void help(void)
{
	puts("Usage: gonogo show ROLLOUT [-o text|json] [--criteria FILE] [--at TIME] [--db FILE]...\n\n"
	     "Prints page one as text: verdict, why, what was rolled out, the evidence ladder. While the rollout runs it is the verdict so "
	     "far.\n"
	     "-o json prints evidence.json.\n\n"
	     "Exit codes: 0 shown, whatever the verdict; 2 usage; 4 no such rollout, or evidence missing; 5 other failure.");
}

static void put(struct buf *out, const char *text)
{
	struct buf clean;

	buf_init(&clean, SHOW_MAX);
	utf8_clean(&clean, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
	for (size_t i = 0; i < clean.len; i++)
		if (clean.data[i] != '`')
			buf_putc(out, clean.data[i]);
	buf_free(&clean);
}

static void put_row(struct buf *out, const struct block *b, size_t r)
{
	buf_puts(out, " ");
	for (size_t i = 0; i < b->n_columns; i++) {
		const struct cell *c = &b->rows[r][i];

		if (c->text == NULL || *c->text == '\0')
			continue;
		buf_puts(out, i == 0 ? " " : "  ");
		if (c->mark != MARK_NONE && b->columns[i].head[0] != '\0')
			buf_printf(out, "%s ", b->columns[i].head);
		put(out, c->text);
		if (c->second != NULL) {
			buf_puts(out, " (");
			put(out, c->second);
			buf_putc(out, ')');
		}
	}
	buf_putc(out, '\n');
}

static void put_page(struct buf *out, const struct doc *d)
{
	const struct assessment *a = d->a;

	buf_printf(out, "%s  ", verdict_word(a->verdict));
	put(out, a->headline);
	buf_puts(out, "\n       ");
	put(out, a->subline);
	buf_printf(out, "\n       %s, %s\n", d->subject, d->evaluated);
	if (d->warning != NULL) {
		buf_puts(out, "       ");
		put(out, d->warning);
		buf_putc(out, '\n');
	}
	buf_puts(out, "\nWhy\n");
	for (size_t i = 0; i < a->n_reasons; i++) {
		buf_printf(out, "  %zu  ", i + 1);
		put(out, a->reasons[i].text);
		buf_putc(out, ' ');
		doc_cite(out, &a->reasons[i].ids, a->reasons[i].gap);
		buf_putc(out, '\n');
	}
	buf_puts(out, "  Next  ");
	put(out, a->next.text);
	buf_putc(out, '\n');
	for (size_t i = 0; i < d->n_blocks; i++) {
		const struct block *b = &d->blocks[i];

		if ((b->flags & BLOCK_PAGE_ONE) == 0 || (b->flags & BLOCK_PDF_ONLY) != 0)
			continue;
		if (b->kind == BLOCK_HEADING)
			buf_printf(out, "\n%s\n", b->title);
		else if (b->kind == BLOCK_PARAGRAPH) {
			buf_puts(out, "  ");
			put(out, b->text);
			buf_putc(out, '\n');
		}
		for (size_t r = 0; r < b->n_rows; r++)
			put_row(out, b, r);
	}
}

static int show(const struct cli *cli, struct session *s, const struct rollout *r, struct arena *arena, struct error *err)
{
	struct package_input in = { .wal_missing = s->wal_missing };
	struct assessment a;
	struct buf out, program;
	struct doc doc;
	int rc = -1;

	buf_init(&out, SHOW_MAX);
	buf_init(&program, 4096);
	version_text(&program, "gonogo");
	if (session_assess(s, cli, r, &a, arena, err) < 0)
		goto out;
	in.assessment = &a;
	in.evidence = s->judged;
	in.program = program.data;
	if (cli->json) {
		if (evidence_json_write(&out, &a, err) < 0)
			goto out;
	} else {
		if (doc_build(&doc, &in, arena, err) < 0)
			goto out;
		put_page(&out, &doc);
	}
	if (buf_check(&out, "page one", err) < 0 || cli_write(out.data, out.len, err) < 0)
		goto out;
	rc = 0;
out:
	buf_free(&program);
	buf_free(&out);
	return rc;
}

int cmd_show(int argc, char **argv)
{
	static const struct cli_parser parser = {
		.program = "gonogo show", .shorts = "o:", .longs = options, .help = help, .min_arguments = 1, .max_arguments = 1
	};
	struct arena *arena;
	const struct rollout *r;
	struct session s;
	struct error err;
	struct cli cli;
	int code = cli_parse(&cli, &parser, argc, argv);

	if (code >= 0)
		return code;
	arena = session_arena();
	code = EXIT_GO;
	if (session_open(&s, &cli, &err) < 0 || session_find(&s, argv[optind], &r, &err) < 0 ||
	    (arena == NULL ? error_nomem(&err) : show(&cli, &s, r, arena, &err)) < 0)
		code = cli_fail(&cli, &err);
	arena_free(arena);
	session_close(&s);
	return code;
}
