/* gonogo history: the rollouts of one canary, and what they come to. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decisions.h"
#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/json.h"
#include "runs.h"

#define HISTORY_MAX ((size_t)64 * 1024 * 1024)

static const struct option options[] = { CLI_OPTIONS, RUNS_OPTIONS, { NULL, 0, NULL, 0 } };

static void help(void)
{
	puts("Usage: gonogo history NAMESPACE/CANARY [OPTION]...\n\n"
	     "Prints the rollouts of a canary and what they come to: how many were promoted and aborted, which aborts prevented an "
	     "incident,\n"
	     "and DORA's figures as far as this evidence carries them, each with how it is counted.\n\n" RUNS_HELP
	     "  --criteria FILE     judge by these criteria instead of those in force at each start\n" LOGS_HELP
	     "\nExit codes: 0; 2 usage; 4 no such canary in the log; 5 other failure.");
}

static bool own_option(void *arg, int c, const char *value, const char **text)
{
	return c != OPT_CANARY && runs_option(arg, c, value, text);
}

/* All NaN where there is nothing to count from. */
struct figures {
	size_t ended, promoted, aborted, prevented, against, unanalysed;
	double days; /* from the first start to the last end */
	double per_week; /* deployment frequency: promotions a week */
	double failure_rate; /* change failure rate: of promotions, those whose evidence says NO-GO */
	double abort_rate; /* of all that ended */
	double duration; /* median seconds from start to promotion */
	double detect, contain; /* medians, seconds */
};

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Of those that are numbers. */
static double median(double *values, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (!isnan(values[i]))
			values[k++] = values[i];
	if (k == 0)
		return NAN;
	qsort(values, k, sizeof *values, by_value);
	return k % 2 == 1 ? values[k / 2] : (values[k / 2 - 1] + values[k / 2]) / 2;
}

static bool is_promotion(const struct run *r)
{
	return r->rollout->outcome == OUTCOME_PROMOTED || r->rollout->outcome == OUTCOME_PROMOTED_UNANALYSED;
}

/* An abort prevented an incident if behaviour failed, and traffic was seen back before all users had the new version. */
static bool is_prevention(const struct run *r)
{
	return r->rollout->outcome == OUTCOME_ROLLED_BACK && r->verdict == VERDICT_NO_GO && r->containment == CONTAINMENT_CONFIRMED &&
	       r->highest_exposure < 1;
}

static void count(struct figures *f, const struct run *r)
{
	if (r->rollout->ended_at == INSTANT_NONE)
		return;
	f->ended++;
	f->promoted += is_promotion(r);
	f->unanalysed += r->rollout->outcome == OUTCOME_PROMOTED_UNANALYSED;
	f->against += is_promotion(r) && r->verdict == VERDICT_NO_GO;
	f->aborted += r->rollout->outcome == OUTCOME_ROLLED_BACK;
	f->prevented += is_prevention(r);
}

static void count_all(struct figures *f, const struct runs *runs)
{
	int64_t first = INSTANT_NONE, last = INSTANT_NONE;

	*f = (struct figures){ .days = NAN, .per_week = NAN, .failure_rate = NAN, .abort_rate = NAN };
	for (size_t i = 0; i < runs->n; i++) {
		const struct rollout *r = runs->v[i].rollout;

		count(f, &runs->v[i]);
		first = first == INSTANT_NONE || r->started_at < first ? r->started_at : first;
		last = r->ended_at > last ? r->ended_at : last;
	}
	if (last != INSTANT_NONE)
		f->days = (double)(last - first) / (double)NS_PER_S / 86400;
	/* Below a week the rate of a week would be invented. */
	if (f->days >= 7)
		f->per_week = (double)f->promoted / f->days * 7;
	if (f->promoted > 0)
		f->failure_rate = (double)f->against / (double)f->promoted;
	if (f->ended > 0)
		f->abort_rate = (double)f->aborted / (double)f->ended;
}

static int medians(struct figures *f, const struct runs *runs, struct arena *arena, struct error *err)
{
	double *values = arena_alloc(arena, 3 * (runs->n + 1) * sizeof *values);
	double *duration = values, *detect, *contain;

	if (values == NULL)
		return error_nomem(err);
	detect = values + runs->n;
	contain = detect + runs->n;
	for (size_t i = 0; i < runs->n; i++) {
		const struct run *r = &runs->v[i];
		bool back = r->rollout->outcome == OUTCOME_ROLLED_BACK;

		duration[i] = is_promotion(r) ? (double)(r->rollout->ended_at - r->rollout->started_at) / (double)NS_PER_S : NAN;
		detect[i] = back ? r->detected_after : NAN;
		contain[i] = back ? r->contained_after : NAN;
	}
	f->duration = median(duration, runs->n);
	f->detect = median(detect, runs->n);
	f->contain = median(contain, runs->n);
	return 0;
}

static void put_span(struct buf *out, const char *label, double seconds, const char *how)
{
	char span[INSTANT_TEXT_MAX] = "not known";

	if (!isnan(seconds))
		duration_words(span, (int64_t)(seconds + 0.5) * NS_PER_S);
	buf_printf(out, "%-26s %s (%s)\n", label, span, how);
}

static void put_rate(struct buf *out, const char *label, double rate, size_t n, size_t of, const char *how)
{
	if (isnan(rate))
		buf_printf(out, "%-26s not known (%s)\n", label, how);
	else
		buf_printf(out, "%-26s %.0f %%: %zu of %zu (%s)\n", label, rate * 100, n, of, how);
}

static void figures_text(struct buf *out, const struct figures *f)
{
	buf_printf(out, "\n%zu ended: %zu promoted (%zu without analysis), %zu rolled back\n", f->ended, f->promoted, f->unanalysed,
		   f->aborted);
	buf_printf(out, "%-26s %zu of %zu rollbacks (behaviour failed, traffic seen back before everybody had it)\n", "incidents prevented",
		   f->prevented, f->aborted);
	if (isnan(f->per_week))
		buf_printf(out, "%-26s not known (promotions a week; less than a week was seen)\n", "deployment frequency");
	else
		buf_printf(out, "%-26s %.1f a week (%zu promotions in %.0f days)\n", "deployment frequency", f->per_week, f->promoted,
			   f->days);
	put_rate(out, "change failure rate", f->failure_rate, f->against, f->promoted, "of promotions, those whose evidence says NO-GO");
	put_rate(out, "abort rate", f->abort_rate, f->aborted, f->ended, "of all that ended");
	put_span(out, "time to promotion", f->duration, "median, start to end of promoted rollouts");
	put_span(out, "time to detect", f->detect, "median, first exposure to first sign, of rollbacks");
	put_span(out, "time to restore", f->contain, "median, decision to roll back to traffic seen back");
}

static void figures_json(struct json_writer *w, const struct figures *f)
{
	json_begin_object(w, "figures");
	json_put_int(w, "ended", (int64_t)f->ended);
	json_put_int(w, "promoted", (int64_t)f->promoted);
	json_put_int(w, "promoted_unanalysed", (int64_t)f->unanalysed);
	json_put_int(w, "promoted_against_evidence", (int64_t)f->against);
	json_put_int(w, "rolled_back", (int64_t)f->aborted);
	json_put_int(w, "incidents_prevented", (int64_t)f->prevented);
	json_put_number(w, "days", f->days);
	json_put_number(w, "promotions_per_week", f->per_week);
	json_put_number(w, "change_failure_rate", f->failure_rate);
	json_put_number(w, "abort_rate", f->abort_rate);
	json_put_number(w, "median_seconds_to_promotion", f->duration);
	json_put_number(w, "median_seconds_to_detect", f->detect);
	json_put_number(w, "median_seconds_to_restore", f->contain);
	json_end_object(w);
}

static void put_json(struct buf *out, const char *canary, const struct runs *runs, const struct figures *figures)
{
	struct json_writer w;

	json_writer_init(&w, out, 1);
	json_begin_object(&w, NULL);
	json_put_string(&w, "canary", canary);
	runs_json(&w, "runs", runs);
	figures_json(&w, figures);
	json_end_object(&w);
	buf_putc(out, '\n');
}

static int print(const struct runs *runs, const struct runs_filter *filter, struct arena *arena, struct error *err)
{
	struct figures figures;
	struct buf out;
	int rc = -1;

	buf_init(&out, HISTORY_MAX);
	count_all(&figures, runs);
	if (medians(&figures, runs, arena, err) < 0)
		goto out;
	if (filter->format == RUNS_JSON) {
		put_json(&out, filter->canary, runs, &figures);
	} else if (filter->format == RUNS_CSV) {
		runs_csv(&out, runs);
	} else {
		runs_text(&out, runs);
		figures_text(&out, &figures);
	}
	if (buf_check(&out, "history", err) == 0)
		rc = cli_write(out.data, out.len, err);
out:
	buf_free(&out);
	return rc;
}

int cmd_history(int argc, char **argv)
{
	struct runs_filter filter;
	const struct cli_parser parser = { .program = "gonogo history",
					   .shorts = "o:",
					   .longs = options,
					   .help = help,
					   .own = own_option,
					   .arg = &filter,
					   .min_arguments = 1,
					   .max_arguments = 1 };
	const struct rollout *any;
	struct session s;
	struct runs runs;
	struct error err;
	struct cli cli;
	int code;

	runs_filter_init(&filter);
	code = cli_parse(&cli, &parser, argc, argv);
	if (code >= 0)
		return code;
	filter.canary = argv[optind];
	if (strchr(filter.canary, '/') == NULL)
		return cli_usage(&cli, "give NAMESPACE/CANARY");
	code = EXIT_GO;
	if (session_open(&s, &cli, &err) < 0 || session_find(&s, filter.canary, &any, &err) < 0 ||
	    runs_collect(&runs, &s, &cli, &filter, &err) < 0 || print(&runs, &filter, s.arena, &err) < 0)
		code = cli_fail(&cli, &err);
	session_close(&s);
	return code;
}
