/* gonogo verify: recomputes every digest of the logs. */
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "decisions.h"
#include "gonogo/cli.h"
#include "gonogo/digest.h"
#include "gonogo/error.h"
#include "gonogo/store.h"

static const struct option options[] = { CLI_OPTIONS, { NULL, 0, NULL, 0 } };

static void help(void)
{
	puts("Usage: gonogo verify [--db FILE]... [--decisions FILE]\n\n"
	     "Recomputes the digest of every body and row and the chain over all rows, and prints the chain's head. The same head printed\n"
	     "in a package shows that no row up to there was changed, removed or inserted since. The log of human records (decisions.db\n"
	     "beside the first evidence log, if there is one) is checked too.\n\n"
	     "Exit codes: 0 all match; 4 they do not (the first bad row is named), or there is no log; 5 other failure.");
}

static void say(const char *path, const struct store *store, const struct store_summary *summary)
{
	char hex[DIGEST_HEX_SIZE];

	if (store_export_of(store) != NULL)
		printf("%s: export of %s: %" PRId64 " rows and the digests of %" PRId64 " others, origin %s, head %s\n", path,
		       store_export_of(store), summary->rows, summary->omitted, store_origin(store), digest_hex(hex, summary->head));
	else
		printf("%s: %" PRId64 " rows, origin %s, head %s\n", path, summary->rows, store_origin(store),
		       digest_hex(hex, summary->head));
}

static int verify(const struct cli *cli, const char *path)
{
	struct store_summary summary;
	struct store *store = NULL;
	struct error err;
	int code = EXIT_GO;

	if (store_open(&store, path, STORE_READ, NULL, &err) < 0 || store_verify(store, &summary, &err) < 0)
		code = cli_fail(cli, &err);
	else if (store_wal_missing(store)) {
		fprintf(stderr, "%s: %s: complete up to row %" PRId64 ", but copied without its -wal file: newer rows may be missing\n",
			cli->program, path, summary.rows);
		code = EXIT_EVIDENCE;
	} else
		say(path, store, &summary);
	store_close(store);
	return code;
}

int cmd_verify(int argc, char **argv)
{
	static const struct cli_parser parser = { .program = "gonogo verify", .shorts = "", .longs = options, .help = help };
	char path[PATH_MAX];
	struct error err;
	struct cli cli;
	int code = cli_parse(&cli, &parser, argc, argv);

	if (code >= 0)
		return code;
	for (size_t i = 0; i < cli.n_dbs; i++) {
		int one = verify(&cli, cli.dbs[i]);

		if (one != EXIT_GO)
			code = one;
	}
	if (decisions_path(path, &cli, &err) < 0)
		return cli_fail(&cli, &err);
	if (cli.decisions != NULL || access(path, F_OK) == 0) {
		int one = verify(&cli, path);

		if (one != EXIT_GO)
			code = one;
	}
	return code < 0 ? EXIT_GO : code;
}
