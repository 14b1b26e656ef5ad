#include "post.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/json.h"
#include "gonogo/log.h"
#include "recording.h"

/* Flagger's time-out of a webhook without one of its own, in seconds of the real clock. */
#define ANSWER_TIMEOUT 10
/* One post with its headers. Flagger's events have some 300 bytes. */
#define POST_MAX ((size_t)16 * 1024 * 1024)

struct poster {
	const struct recording *recording;
	struct clock clock;
	char host[256], port[8];
	char *path; /* NULL: the recorded one */
	int stop_fd;
	pthread_t thread;
	_Atomic size_t next; /* the post to come */
	size_t refused;
};

/* What belongs to one connection (RFC 9110 7.6.1), or is written anew. */
static bool is_own_header(const char *name)
{
	static const char *const names[] = { "Host", "Content-Length", "Connection",        "Keep-Alive", "Proxy-Connection",
					     "TE",   "Trailer",        "Transfer-Encoding", "Upgrade",    "Expect" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

static void put_post(struct buf *out, const struct poster *poster, const struct hook_row *row)
{
	buf_printf(out, "POST %s HTTP/1.1\r\nHost: %s:%s\r\n", poster->path != NULL ? poster->path : row->path, poster->host, poster->port);
	for (const struct json *h = json_first(row->headers); h != NULL; h = json_next(h))
		if (json_string(h) != NULL && !is_own_header(json_key(h)) && strpbrk(json_string(h), "\r\n") == NULL)
			buf_printf(out, "%s: %s\r\n", json_key(h), json_string(h));
	buf_printf(out, "Content-Length: %zu\r\nConnection: close\r\n\r\n", strlen(row->body));
	buf_puts(out, row->body);
}

static int dial(const struct poster *poster, struct error *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	const struct timeval timeout = { .tv_sec = ANSWER_TIMEOUT };
	struct addrinfo *found = NULL;
	int rc = getaddrinfo(poster->host, poster->port, &hints, &found), fd = -1;

	if (rc != 0)
		return error_set(err, "%s", gai_strerror(rc));
	for (const struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (fd < 0)
			continue;
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
		if (connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
			error_set(err, "%s", strerror(errno));
			(void)close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(found);
	return fd;
}

static int send_all(int fd, const char *bytes, size_t len, struct error *err)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return error_set(err, "%s", strerror(errno));
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* The status of the answer; the rest of it is of no interest. */
static int read_status(int fd, struct error *err)
{
	char head[512];
	size_t len = 0;
	long status;

	while (len < sizeof head - 1 && memchr(head, '\n', len) == NULL) {
		ssize_t n = recv(fd, head + len, sizeof head - 1 - len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, "%s", errno == EAGAIN ? "no answer in 10 s" : strerror(errno));
		if (n == 0)
			break;
		len += (size_t)n;
	}
	head[len] = '\0';
	/* "HTTP/1.1 200 OK" */
	if (strncmp(head, "HTTP/1.", 7) != 0 || len < 12 || head[8] != ' ')
		return error_set(err, "closed without an answer");
	status = strtol(head + 9, NULL, 10);
	return status >= 100 && status <= 999 ? (int)status : error_set(err, "answered no status");
}

static int post(const struct poster *poster, const struct hook_row *row, struct error *err)
{
	struct buf bytes;
	int fd = -1, rc = -1, status;

	buf_init(&bytes, POST_MAX);
	put_post(&bytes, poster, row);
	if (buf_check(&bytes, "post", err) < 0)
		goto out;
	fd = dial(poster, err);
	if (fd < 0 || send_all(fd, bytes.data, bytes.len, err) < 0)
		goto out;
	status = read_status(fd, err);
	if (status < 0)
		goto out;
	/* Flagger takes anything above 202 for a failure. */
	rc = status <= 202 ? 0 : error_set(err, "answered %d", status);
out:
	if (fd >= 0)
		(void)close(fd);
	buf_free(&bytes);
	return rc;
}

/* True: go on; false: stop. */
static bool wait_until(const struct poster *poster, int64_t t)
{
	struct pollfd stop = { .fd = poster->stop_fd, .events = POLLIN };
	int ms;

	do {
		ms = clock_wait_ms(&poster->clock, t);
		if (poll(&stop, 1, ms) > 0)
			return false;
	} while (ms > 0);
	return true;
}

static void *run(void *arg)
{
	struct poster *poster = arg;
	struct error err;

	for (size_t i = 0; i < poster->recording->n_hooks && wait_until(poster, poster->recording->hooks[i].t); i++) {
		if (post(poster, &poster->recording->hooks[i], &err) < 0) {
			log_line(LOG_WARNING, "webhook", "post %zu of %zu was refused: %s", i + 1, poster->recording->n_hooks, err.text);
			poster->refused++;
		}
		poster->next = i + 1;
	}
	return NULL;
}

static int read_url(struct poster *poster, const char *url, struct error *err)
{
	static const char scheme[] = "http://";
	const char *at = url + sizeof scheme - 1, *end, *colon;

	if (strncmp(url, scheme, sizeof scheme - 1) != 0)
		goto usage;
	end = at + strcspn(at, "/");
	colon = memrchr(at, ':', (size_t)(end - at));
	if (colon == NULL || colon == at || (size_t)(colon - at) >= sizeof poster->host || end - colon < 2 ||
	    (size_t)(end - colon) > sizeof poster->port)
		goto usage;
	memcpy(poster->host, at, (size_t)(colon - at));
	memcpy(poster->port, colon + 1, (size_t)(end - colon - 1));
	if (end[0] != '\0' && end[1] != '\0') {
		poster->path = strdup(end);
		if (poster->path == NULL)
			return error_nomem(err);
	}
	return 0;
usage:
	return error_code(err, ERR_USAGE, "webhook \"%.80s\": want http://HOST:PORT", url);
}

static void poster_free(struct poster *poster)
{
	if (poster->stop_fd >= 0)
		(void)close(poster->stop_fd);
	free(poster->path);
	free(poster);
}

int poster_start(struct poster **out, const struct recording *recording, const char *url, const struct clock *clock, struct error *err)
{
	struct poster *poster = calloc(1, sizeof *poster);
	int rc;

	if (poster == NULL)
		return error_nomem(err);
	poster->recording = recording;
	poster->clock = *clock;
	poster->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (poster->stop_fd < 0) {
		error_set(err, "eventfd: %s", strerror(errno));
		goto fail;
	}
	if (read_url(poster, url, err) < 0)
		goto fail;
	rc = pthread_create(&poster->thread, NULL, run, poster);
	if (rc != 0) {
		error_set(err, "thread: %s", strerror(rc));
		goto fail;
	}
	*out = poster;
	return 0;
fail:
	poster_free(poster);
	return -1;
}

size_t poster_stop(struct poster *poster, size_t *left)
{
	size_t refused;

	(void)eventfd_write(poster->stop_fd, 1);
	(void)pthread_join(poster->thread, NULL);
	refused = poster->refused;
	if (left != NULL)
		*left = poster->recording->n_hooks - poster->next;
	poster_free(poster);
	return refused;
}
