/* A criterion over time as data; report/plot.c draws it to the grammar of report-design.md 4. Values are in the axis' unit (%, ms). */
#ifndef GONOGO_CHART_H
#define GONOGO_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NaN: none. A line ends where values end. lo and hi: the interval of the canary's value. */
struct chart_point {
	int64_t at;
	double canary, lo, hi, baseline, limit;
};

struct chart_step {
	int64_t from, to;
	double shade;			/* share of exposure, 0…1; negative: no weights, one grey (A/B, blue-green) */
	const char *label;		/* "10 %" */
};

struct chart_gap {
	int64_t from, to;
	const char *id;			/* "G-01" */
};

struct chart_event {
	int64_t at;
	const char *id;			/* "E-031" */
	int rank;			/* low ones keep their place where there is no room for all */
	bool line;			/* a dotted line through the plot too */
};

enum chart_mark { CHART_PASS, CHART_FAIL, CHART_OPEN };

struct chart_check {
	int64_t at;
	enum chart_mark mark;
};

/* What all charts of a report share: axis, steps, gaps, lanes. */
struct chart_time {
	int64_t from, to;		/* of the axis; from < to */
	const char *steps_title;	/* "canary weight" */
	size_t n_steps, n_gaps, n_events, n_checks;
	const struct chart_step *steps;
	const struct chart_gap *gaps;
	const struct chart_event *events;	/* ascending */
	const struct chart_check *checks;
	const char *checks_note;	/* "2 failed = rollback"; NULL */
};

struct chart {
	const char *name;		/* [a-z0-9-]: stem of the file, "error-rate" */
	const char *title;		/* "Error rate" */
	const char *definition;		/* "% of requests answered 5xx, 5-min rate; band = 95 % interval" */
	const char *alt;		/* a sentence with the numbers */
	const struct chart_time *time;
	size_t n_points;
	const struct chart_point *points;	/* ascending */
	int64_t hole;			/* ns: lines end where two points are farther apart; 0: never */
	bool lower_is_worse;		/* success rate */
	bool from_zero;			/* else the axis may start higher, and says so */
	double top;			/* highest value that can be, 100 for rates; NaN: none */
	const char *unit;		/* behind the value of a clipped point and of the axis' start: " %" */
	const char *canary_label, *baseline_label, *limit_label;	/* "canary 1.27 %"; NULL: none */
};

#endif
