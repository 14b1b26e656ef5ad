/* gonogo: from evidence to a signed go/no-go. One row a subcommand. */
#include <stdio.h>
#include <string.h>

#include "gonogo/cli.h"
#include "version.h"

static const struct command commands[] = {
	{ "list", cmd_list, "", "all rollouts: verdict, outcome, steps, times" },
	{ "history", cmd_history, "NAMESPACE/CANARY", "the rollouts of one canary, and what they come to" },
	{ "show", cmd_show, "ROLLOUT", "page one as text, also while it runs" },
	{ "report", cmd_report, "ROLLOUT", "the evidence package: PDF, Markdown, evidence.json" },
	{ "export", cmd_export, "ROLLOUT -o FILE.db", "one rollout's rows as a database of its own" },
	{ "assert", cmd_assert, "ROLLOUT", "wait for a rollout's end, then exit 0 GO, 1 NO-GO, 3 HOLD" },
	{ "judge", cmd_judge, "[ROLLOUT] --criteria FILE", "judge again by other criteria, one rollout or all" },
	{ "plan", cmd_plan, "NAMESPACE/CANARY", "traffic, time and histogram edges that its criteria need" },
	{ "decide", cmd_decide, "ROLLOUT --decision D ...", "record a go, no-go or hold, bound to the package seen" },
	{ "note", cmd_note, "ROLLOUT --text TEXT ...", "record a note in a rollout's timeline" },
	{ "action", cmd_action, "ROLLOUT", "list, record and change the actions after a rollout" },
	{ "rehearse", cmd_rehearse, "NAMESPACE/CANARY --how TEXT ...", "record that the rollback path was tested" },
	{ "postmortem", cmd_postmortem, "ROLLOUT", "a postmortem with the facts filled in" },
	{ "score", cmd_score, "ROLLOUT | --class DIR", "how well a rollout was run, by a rubric; a class' gradebooks" },
	{ "criteria", cmd_criteria, "explain|approve ...", "what would be judged and where each value comes from; approve a file" },
	{ "lint", cmd_lint, "FILE|DIRECTORY|-...", "manifests against known traps" },
	{ "verify", cmd_verify, "", "check the log's digests and chain" },
};

static void help(FILE *out)
{
	fputs("Usage: gonogo COMMAND [OPTION]...\n\n"
	      "Turns the evidence that gonogo-collector kept of canary rollouts into a go/no-go package.\n\nCommands:\n",
	      out);
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("\nROLLOUT is an id, a unique prefix of one, or NAMESPACE/CANARY for its latest.\n"
	      "\"gonogo COMMAND --help\" tells more; the manual is gonogo(1).\n"
	      "Exit codes: 0 done or GO, 1 NO-GO, 2 usage, 3 HOLD, 4 evidence missing or tampered, 5 other failure.\n",
	      out);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0)
		return version_print("gonogo") < 0 ? EXIT_OTHER : EXIT_GO;
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		help(stdout);
		return EXIT_GO;
	}
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "gonogo: no command \"%.60s\"; \"gonogo --help\" lists them\n", argv[1]);
	return EXIT_USAGE;
}
