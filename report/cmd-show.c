/* gonogo show: page one as text, also while the rollout runs. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "evidence-json.h"
#include "decisions.h"
#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/cli.h"
#include "gonogo/doc.h"
#include "gonogo/error.h"
#include "gonogo/ruling.h"
#include "package.h"
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

/* Spans are clean already; a no-break space serves nobody on a terminal. */
static void put(struct buf *out, const char *text)
{
	for (const char *p = text == NULL ? "" : text; *p != '\0'; p++) {
		bool space = (unsigned char)p[0] == 0xC2 && (unsigned char)p[1] == 0xA0;

		buf_putc(out, space ? ' ' : *p);
		p += space;
	}
}

static void put_text(struct buf *out, const struct text *text)
{
	const struct span *before = NULL;

	for (const struct span *s = text->first; s != NULL; before = s, s = s->next) {
		bool more = s->next != NULL && s->next->kind == SPAN_CITE;

		if (s->kind == SPAN_CITE)
			buf_puts(out, before != NULL && before->kind == SPAN_CITE ? ", " : " [");
		put(out, s->text);
		if (s->kind == SPAN_CITE && !more)
			buf_putc(out, ']');
	}
}

static void put_second(struct buf *out, const char *second)
{
	if (second == NULL)
		return;
	buf_puts(out, " (");
	put(out, second);
	buf_putc(out, ')');
}

static void put_step(struct buf *out, const struct ladder *l, const struct ladder_row *row)
{
	buf_puts(out, "  ");
	put(out, row->weight);
	put_second(out, row->weight_second);
	if (row->state == STEP_NOT_REACHED) {
		buf_puts(out, "  not reached\n");
		return;
	}
	buf_printf(out, "  %s–%s", row->from, row->to);
	put_second(out, row->window_second);
	for (size_t i = 0; i < l->n_criteria; i++) {
		buf_printf(out, "  %s ", l->criteria[i]);
		put(out, row->cells[i].value);
		if (text_is_empty(&row->cells[i].second))
			continue;
		buf_puts(out, " (");
		put_text(out, &row->cells[i].second);
		buf_putc(out, ')');
	}
	buf_printf(out, "  %s", row->word);
	put_second(out, row->word_second);
	buf_putc(out, '\n');
}

static void put_keys(struct buf *out, const struct block *b)
{
	for (size_t i = 0; i < b->n_keys; i++) {
		buf_printf(out, "  %-11s", b->keys[i].label);
		put_text(out, &b->keys[i].value);
		buf_puts(out, text_is_empty(&b->keys[i].right) ? "" : "  ");
		put_text(out, &b->keys[i].right);
		if (b->keys[i].label2 != NULL) {
			buf_printf(out, "\n  %-11s", b->keys[i].label2);
			put_text(out, &b->keys[i].value2);
		}
		buf_putc(out, '\n');
	}
}

static void put_banner(struct buf *out, const struct doc *d)
{
	buf_printf(out, "%s  ", doc_verdict_word(d));
	put_text(out, &d->headline);
	buf_puts(out, "\n       ");
	put_text(out, &d->subline);
	buf_printf(out, "\n       %s, %s\n", d->subject, d->evaluated);
	if (text_is_empty(&d->strip))
		return;
	buf_puts(out, "       ");
	put_text(out, &d->strip);
	buf_putc(out, '\n');
}

static void put_page(struct buf *out, const struct doc *d, const struct ruling *ruling)
{
	put_banner(out, d);
	buf_puts(out, "\nWhy\n");
	for (size_t i = 0; i < d->n_reasons; i++) {
		buf_printf(out, "  %zu  ", i + 1);
		put_text(out, &d->reasons[i]);
		buf_putc(out, '\n');
	}
	buf_puts(out, "  Next  ");
	put_text(out, &d->next);
	buf_puts(out, "\n\nWhat was rolled out\n");
	put_keys(out, &d->rolled_out);
	buf_puts(out, "\nEvidence ladder\n");
	if (d->ladder.n_rows == 0) {
		buf_puts(out, "  ");
		put_text(out, &d->ladder.nothing);
		buf_putc(out, '\n');
	}
	for (size_t i = 0; i < d->ladder.n_rows; i++)
		put_step(out, &d->ladder, &d->ladder.rows[i]);
	buf_printf(out, "\nSign-off\n  %s\n  package sha256 %s\n", ruling->text, ruling->package);
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
	if (session_assess(s, cli, r, &a, arena, err) < 0 || decisions_rule(s, &a, INSTANT_NONE, arena, err) < 0)
		goto out;
	in.human = &s->human;
	in.assessment = &a;
	in.evidence = s->judged;
	in.program = program.data;
	if (cli->json) {
		if (evidence_json_write(&out, &a, err) < 0)
			goto out;
	} else {
		if (package_document(&doc, &in, arena, err) < 0)
			goto out;
		put_page(&out, &doc, a.ruling);
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
