/* An error on the caller's stack: what failed, in one line that names the thing and the remedy. */
#ifndef GONOGO_ERROR_H
#define GONOGO_ERROR_H

enum error_code {
	ERR_NONE = 0,
	ERR_FAILED,	/* anything without a code of its own */
	ERR_NOMEM,
	ERR_LIMIT,	/* a cap was reached; the text names it */
	ERR_SYNTAX,	/* input is not of its format */
	ERR_NOT_FOUND,
	ERR_GONE,	/* Kubernetes 410: the resourceVersion is too old */
	ERR_FORBIDDEN,	/* 401 or 403 */
	ERR_RETRY,	/* 429, 5xx, no connection: later it may work */
	ERR_FULL,	/* no space left: the transaction was rolled back whole */
	ERR_BUSY,	/* another process holds the file */
	ERR_TAMPERED,	/* stored digests do not match */
	ERR_VERSION,	/* written by another version of this program */
	ERR_USAGE
};

/* Longest text kept; a longer one is cut at a UTF-8 boundary and ends in "…". */
#define ERROR_TEXT_MAX 1024

struct error {
	enum error_code code;
	char text[ERROR_TEXT_MAX];
};

/* Sets code ERR_FAILED and the text. Returns -1, so that callers can "return error_set(err, …)". err may be NULL. */
int error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with a code. */
int error_code(struct error *err, enum error_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "PREFIX: " in front of the text and keeps the code. Returns -1. */
int error_wrap(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ERR_NOMEM with the usual text. Returns -1. */
int error_nomem(struct error *err);

#endif
