/* HTTP requests of one thread, many at once. The one place that knows curl. */
#ifndef GONOGO_COLLECTOR_HTTP_H
#define GONOGO_COLLECTOR_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct http;
struct http_request;

/* How a server is spoken to; all texts borrowed, NULL: none. Plain http:// is allowed to loopback addresses, and elsewhere only where
 * plain says so and no credentials would cross the network. */
struct http_access {
	const char *ca;			/* PEM text, or */
	const char *ca_file;
	const char *certificate, *key;	/* PEM text */
	const char *token;		/* Authorization: Bearer */
	const char *user, *password;	/* Basic */
	const char *const *headers;	/* "X-Scope-OrgID: team", NULL-terminated */
	bool insecure;			/* insecure-skip-tls-verify: loopback only */
	bool plain;			/* a Prometheus inside the cluster */
};

struct http_result {
	int status;			/* 0: no answer */
	const char *problem;		/* what went wrong below HTTP, NULL */
	int64_t retry_after;		/* seconds, -1: none given */
	double seconds;			/* from the request to its end */
	size_t bytes;
};

struct http_handler {
	/* Bytes of a 2xx body, or of another body if status says so; -1 ends the request. */
	int (*data)(void *arg, int status, const char *bytes, size_t len);
	void (*done)(void *arg, const struct http_result *result);
	void *arg;
};

struct http *http_new(struct error *err);
void http_free(struct http *http);

/* Starts a GET. idle: seconds without a byte after which it is given up (0: 30 s in all). NULL with err on a URL that is not allowed. */
struct http_request *http_get(struct http *http, const char *url, const struct http_access *access, int idle, const struct http_handler *handler,
                              struct error *err);

/* Ends it without calling done. */
void http_cancel(struct http *http, struct http_request *request);

/* Waits for traffic on any request or on fd, at most ms, then reads what came and calls the handlers. */
int http_wait(struct http *http, int fd, int ms, struct error *err);

/* PATH with text appended as a query value, percent-encoded; the caller frees. */
char *http_escape(const char *text);

/* "libcurl 7.88.1 …" */
const char *http_library(void);

#endif
