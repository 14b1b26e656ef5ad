/* The words that contracts.md uses for the enums. */
#include "gonogo/assessment.h"
#include "gonogo/rollout.h"

const char *strategy_name(enum strategy strategy)
{
	static const char *const names[] = { "canary", "ab-testing", "blue-green", "blue-green-mirror" };

	return names[strategy];
}

const char *outcome_name(enum outcome outcome)
{
	static const char *const names[] = { "running",          "promoted",   "promoted-unanalysed",
					     "rolled-back",      "superseded", "failed-before-traffic",
					     "promotion-failed", "terminated" };

	return names[outcome];
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = { "go", "no-go", "hold" };

	return names[verdict];
}

const char *verdict_word(enum verdict verdict)
{
	static const char *const words[] = { "GO", "NO-GO", "HOLD" };

	return words[verdict];
}

const char *criterion_state_name(enum criterion_state state)
{
	static const char *const names[] = { "pass", "fail", "undecided", "not-evaluable" };

	return names[state];
}

const char *reading_state_name(enum reading_state state)
{
	static const char *const names[] = { "within", "beyond", "not-evaluable", "not-reached" };

	return names[state];
}

const char *severity_name(enum severity severity)
{
	static const char *const names[] = { "error", "warning", "note" };

	return names[severity];
}
