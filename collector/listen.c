#include "listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <microhttpd.h>

#include "gonogo/buf.h"
#include "gonogo/digest.h"
#include "gonogo/error.h"

/* An event of Flagger's is below 4 KB; a user's metadata may add some. */
#define BODY_MAX ((size_t)1024 * 1024)
/* libmicrohttpd counts inactivity only: a byte a second would keep a connection for ever. */
#define DEADLINE_S 5
#define CONNECTIONS_MAX 512
#define NOT_STORED "not stored, try again\n"

enum state { READING, PENDING, DECIDED };

struct post {
	struct post *next; /* in listener.pending */
	struct MHD_Connection *connection;
	struct buf body;
	enum state state;
	int status;
	bool too_large;
};

/* One connection, from accept to close. */
struct client {
	struct client *next; /* in listener.clients */
	struct MHD_Connection *connection;
	time_t started;
	bool whole; /* its post is: what is missing is ours */
};

struct listener {
	struct MHD_Daemon *daemon;
	struct post *pending;
	struct client *clients;
	char *credentials;
	listen_post *post;
	void *arg;
};

static time_t now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Equal in a time that does not tell where they differ. */
static bool same(const char *a, size_t n, const char *b)
{
	size_t m = strlen(b);
	unsigned char differ = n != m;

	for (size_t i = 0; i < n; i++)
		differ |= (unsigned char)(a[i] ^ b[m == 0 ? 0 : i % m]);
	return differ == 0;
}

static bool allowed(const struct listener *l, struct MHD_Connection *c)
{
	const char *header = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
	const char *line = l->credentials;
	uint8_t decoded[1024];
	bool ok = false;
	size_t n;

	if (line == NULL)
		return true;
	if (header == NULL || strncasecmp(header, "Basic ", 6) != 0 || strlen(header) > 1200 ||
	    base64_decode(decoded, &n, header + 6) < 0 || n >= sizeof decoded)
		return false;
	decoded[n] = '\0';
	while (*line != '\0') {
		size_t len = strcspn(line, "\r\n");

		ok |= len > 0 && same(line, len, (const char *)decoded);
		line += len;
		line += strspn(line, "\r\n");
	}
	return ok;
}

static enum MHD_Result answer(struct MHD_Connection *c, int status, const char *text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO;
	/* Flagger opens a connection a post and leaves it idle (facts/flagger.md 4). */
	(void)MHD_add_response_header(response, "Connection", "close");
	(void)MHD_add_response_header(response, "Content-Type", "text/plain; charset=utf-8");
	if (status == 401)
		(void)MHD_add_response_header(response, "WWW-Authenticate", "Basic realm=\"gonogo\"");
	result = MHD_queue_response(c, (unsigned)status, response);
	MHD_destroy_response(response);
	return result;
}

static struct client *client_of(struct MHD_Connection *c)
{
	return MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void on_connection(void *arg, struct MHD_Connection *c, void **own, enum MHD_ConnectionNotificationCode what)
{
	struct listener *l = arg;
	struct client **at = &l->clients, *gone = *own;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		struct client *new = calloc(1, sizeof *new);

		if (new == NULL)
			return;
		*new = (struct client){ .next = l->clients, .connection = c, .started = now() };
		*own = l->clients = new;
		return;
	}
	while (*at != NULL && *at != gone)
		at = &(*at)->next;
	if (*at != NULL)
		*at = gone->next;
	free(gone);
	*own = NULL;
}

/* Ends the connections whose post did not come whole in time; libmicrohttpd then closes what is shut down. A byte that comes wakes the
 * loop, and where none comes libmicrohttpd's own time-out does. */
static void end_slow(struct listener *l)
{
	time_t limit = now() - DEADLINE_S;

	for (const struct client *c = l->clients; c != NULL; c = c->next)
		if (!c->whole && c->started < limit)
			(void)shutdown(MHD_get_connection_info(c->connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd, SHUT_RDWR);
}

/* Content-Length together with Transfer-Encoding: two readers could disagree about where the body ends. */
static bool smuggles(struct MHD_Connection *c)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Length") != NULL &&
	       MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Transfer-Encoding") != NULL;
}

static enum MHD_Result begin(struct listener *l, struct MHD_Connection *c, const char *method, void **own)
{
	const char *length = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Length");
	struct post *p;

	if (client_of(c) == NULL)
		return MHD_NO;
	if (strcmp(method, "POST") != 0)
		return answer(c, 405, "POST events here\n");
	if (smuggles(c))
		return answer(c, 400, "Content-Length or Transfer-Encoding, not both\n");
	if (!allowed(l, c))
		return answer(c, 401, "credentials needed\n");
	if (length != NULL && strtoull(length, NULL, 10) > BODY_MAX)
		return answer(c, 413, "larger than 1 MiB\n");
	p = calloc(1, sizeof *p);
	if (p == NULL)
		return MHD_NO;
	buf_init(&p->body, BODY_MAX);
	p->connection = c;
	*own = p;
	return MHD_YES;
}

/* Not suspended before it is taken: what was not taken must not be acknowledged by the turn's commit. */
static enum MHD_Result hand_over(struct listener *l, struct post *p, const char *path)
{
	if (l->post(l->arg, path, p->body.data == NULL ? "" : p->body.data, p->body.len) < 0) {
		p->state = DECIDED;
		p->status = 503;
		return answer(p->connection, 503, NOT_STORED);
	}
	p->state = PENDING;
	p->next = l->pending;
	l->pending = p;
	MHD_suspend_connection(p->connection);
	return MHD_YES;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *path, const char *method, const char *version,
				  const char *bytes, size_t *len, void **own)
{
	struct listener *l = arg;
	struct post *p = *own;

	(void)version;
	if (p == NULL)
		return begin(l, c, method, own);
	if (*len > 0) {
		buf_append(&p->body, bytes, *len);
		p->too_large = p->body.failed;
		*len = 0;
		return MHD_YES;
	}
	client_of(c)->whole = true;
	if (p->state == DECIDED)
		return answer(c, p->status, p->status == 200 ? "stored\n" : NOT_STORED);
	if (p->too_large)
		return answer(c, 413, "larger than 1 MiB\n");
	if (p->state == READING)
		return hand_over(l, p, path);
	return MHD_YES;
}

static void on_completed(void *arg, struct MHD_Connection *c, void **own, enum MHD_RequestTerminationCode why)
{
	struct listener *l = arg;
	struct post *p = *own, **at = &l->pending;

	(void)c;
	(void)why;
	if (p == NULL)
		return;
	while (*at != NULL && *at != p)
		at = &(*at)->next;
	if (*at != NULL)
		*at = p->next;
	buf_free(&p->body);
	free(p);
	*own = NULL;
}

/* "host:port" with a numeric host. */
static int parse_address(const char *text, struct sockaddr_storage *out, struct error *err)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	const char *colon = strrchr(text, ':');
	char host[64], *end;
	unsigned long port;
	size_t n;

	memset(out, 0, sizeof *out);
	if (colon == NULL || (n = (size_t)(colon - text)) >= sizeof host)
		goto wrong;
	memcpy(host, text, n);
	host[n] = '\0';
	port = strtoul(colon + 1, &end, 10);
	if (*end != '\0' || end == colon + 1 || port > 65535)
		goto wrong;
	if (host[0] == '[' && n > 2 && host[n - 1] == ']') {
		host[n - 1] = '\0';
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		if (inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1)
			return 0;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1)
		return 0;
wrong:
	return error_code(err, ERR_USAGE, "webhook.listen: \"%.80s\" is no ADDRESS:PORT such as 0.0.0.0:8080", text);
}

int listen_open(struct listener **out, const char *address, const char *credentials, listen_post *post, void *arg, struct error *err)
{
	struct sockaddr_storage sockaddr;
	struct listener *l = calloc(1, sizeof *l);

	*out = NULL;
	if (l == NULL || (credentials != NULL && (l->credentials = strdup(credentials)) == NULL)) {
		free(l);
		return error_nomem(err);
	}
	l->post = post;
	l->arg = arg;
	if (parse_address(address, &sockaddr, err) < 0) {
		listen_close(l);
		return -1;
	}
	l->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (sockaddr.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0), 0,
				     NULL, NULL, on_request, l, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&sockaddr,
				     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)DEADLINE_S, MHD_OPTION_CONNECTION_LIMIT,
				     (unsigned)CONNECTIONS_MAX, MHD_OPTION_NOTIFY_COMPLETED, on_completed, l,
				     MHD_OPTION_NOTIFY_CONNECTION, on_connection, l,
				     MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
	if (l->daemon == NULL) {
		listen_close(l);
		return error_set(err, "webhook.listen: cannot listen on %.80s: is the port in use?", address);
	}
	*out = l;
	return 0;
}

void listen_close(struct listener *l)
{
	if (l == NULL)
		return;
	if (l->daemon != NULL) {
		/* MHD_stop_daemon aborts the process while a connection is suspended. */
		listen_answer(l, 503);
		for (int i = 0; i < 10; i++)
			listen_run(l);
		MHD_stop_daemon(l->daemon);
	}
	if (l->credentials != NULL)
		explicit_bzero(l->credentials, strlen(l->credentials));
	free(l->credentials);
	free(l);
}

int listen_fd(const struct listener *l)
{
	return MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int listen_timeout(const struct listener *l)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(l->daemon, &ms) != MHD_YES)
		return -1;
	return ms > 60000 ? 60000 : (int)ms;
}

void listen_run(struct listener *l)
{
	end_slow(l);
	(void)MHD_run(l->daemon);
}

void listen_answer(struct listener *l, int status)
{
	while (l->pending != NULL) {
		struct post *p = l->pending;

		l->pending = p->next;
		p->next = NULL;
		p->status = status;
		p->state = DECIDED;
		MHD_resume_connection(p->connection);
	}
	(void)MHD_run(l->daemon);
}

const char *listen_library(void)
{
	return MHD_get_version();
}
