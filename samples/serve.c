#include "serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/error.h"
#include "form.h"
#include "watch.h"

/* Kubernetes and Prometheus. */
#define DAEMONS_MAX 2
/* The form of a query. */
#define BODY_MAX 1048576
/* A whole answer: all samples of a recording as text. */
#define ANSWER_MAX ((size_t)512 * 1024 * 1024)
/* What is read of a stream at once; below libmicrohttpd's memory of a connection. */
#define BLOCK 16384
/* Turns given to streams that are being ended: each needs two at most. */
#define ENDING_TURNS 4

struct listener {
	struct server *server;
	struct MHD_Daemon *daemon;
	int fd; /* its epoll */
	answerer answer;
	const void *api;
};

struct server {
	struct clock clock;
	struct listener listeners[DAEMONS_MAX];
	size_t n;
	struct stream *streams;
	bool stopping;
};

/* A watch on its connection. */
struct stream {
	struct server *server;
	struct MHD_Connection *connection;
	struct watch *watch;
	bool suspended;
	struct stream *next;
};

/* One request while it is read. */
struct exchange {
	struct request request; /* first: the parameter reader finds its exchange by it */
	struct MHD_Connection *connection;
	struct buf body;
	struct form form;
};

static const char *read_parameter(const struct request *request, const char *name)
{
	const struct exchange *exchange = (const struct exchange *)request;
	const char *value = MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, name);

	return value != NULL ? value : form_value(&exchange->form, name);
}

/* Fills the next piece of a watch. Nothing due: the connection sleeps until server_run wakes it. */
static ssize_t read_stream(void *arg, uint64_t pos, char *out, size_t max)
{
	struct stream *stream = arg;
	long n = stream->server->stopping ? -1 : watch_take(stream->watch, clock_now(&stream->server->clock), out, max);

	(void)pos;
	if (n < 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n == 0) {
		stream->suspended = true;
		MHD_suspend_connection(stream->connection);
	}
	return n;
}

static void free_stream(void *arg)
{
	struct stream *stream = arg, **at = &stream->server->streams;

	while (*at != stream)
		at = &(*at)->next;
	*at = stream->next;
	watch_free(stream->watch);
	free(stream);
}

static struct MHD_Response *respond_stream(struct server *server, struct MHD_Connection *connection, struct watch *watch)
{
	struct stream *stream = calloc(1, sizeof *stream);
	struct MHD_Response *response;

	if (stream == NULL) {
		watch_free(watch);
		return NULL;
	}
	*stream = (struct stream){ .server = server, .connection = connection, .watch = watch, .next = server->streams };
	server->streams = stream;
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, stream, free_stream);
	if (response == NULL)
		free_stream(stream);
	return response;
}

static struct MHD_Response *respond_bytes(struct answer *answer)
{
	size_t len = answer->body.len;
	char *bytes = buf_take(&answer->body);
	struct MHD_Response *response = NULL;

	if (bytes != NULL)
		response = MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE);
	if (response == NULL)
		free(bytes);
	return response;
}

static enum MHD_Result respond(struct listener *listener, struct exchange *exchange)
{
	struct answer answer = { .status = 500, .type = "text/plain" };
	struct MHD_Response *response;
	enum MHD_Result rc;

	buf_init(&answer.body, ANSWER_MAX);
	exchange->request.now = clock_now(&listener->server->clock);
	listener->answer(listener->api, &exchange->request, &answer);
	if (answer.watch != NULL)
		response = respond_stream(listener->server, exchange->connection, answer.watch);
	else
		response = respond_bytes(&answer);
	buf_free(&answer.body);
	if (response == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.type);
	rc = MHD_queue_response(exchange->connection, answer.status, response);
	MHD_destroy_response(response);
	return rc;
}

static struct exchange *exchange_new(struct MHD_Connection *connection, const char *path, const char *method)
{
	struct exchange *exchange = calloc(1, sizeof *exchange);

	if (exchange == NULL)
		return NULL;
	exchange->request = (struct request){ .method = method, .path = path, .parameter = read_parameter };
	exchange->connection = connection;
	buf_init(&exchange->body, BODY_MAX);
	return exchange;
}

/* libmicrohttpd calls it with the head, with each piece of the body, and at its end. */
static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *path, const char *method, const char *version,
			      const char *data, size_t *len, void **state)
{
	struct exchange *exchange = *state;

	(void)version;
	if (exchange == NULL) {
		*state = exchange_new(connection, path, method);
		return *state != NULL ? MHD_YES : MHD_NO;
	}
	if (*len > 0) {
		buf_append(&exchange->body, data, *len);
		*len = 0;
		return exchange->body.failed ? MHD_NO : MHD_YES;
	}
	if (exchange->body.len > 0)
		form_decode(&exchange->form, exchange->body.data);
	return respond(arg, exchange);
}

static void complete(void *arg, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *state;

	(void)arg;
	(void)connection;
	(void)code;
	if (exchange == NULL)
		return;
	buf_free(&exchange->body);
	free(exchange);
	*state = NULL;
}

int server_new(struct server **out, const struct clock *clock, struct error *err)
{
	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return error_nomem(err);
	(*out)->clock = *clock;
	return 0;
}

int server_listen(struct server *server, uint16_t *port, answerer answer, const void *api, struct error *err)
{
	const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct listener *listener = &server->listeners[server->n];

	if (server->n == DAEMONS_MAX)
		return error_code(err, ERR_LIMIT, "no more than %d listeners", DAEMONS_MAX);
	listener->server = server;
	listener->answer = answer;
	listener->api = api;
	listener->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, *port, NULL, NULL, handle, listener,
					    MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED, complete, NULL,
					    MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
	if (listener->daemon == NULL)
		return error_set(err, "cannot listen on 127.0.0.1:%u: %s", *port, errno != 0 ? strerror(errno) : "libmicrohttpd refused");
	listener->fd = MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	*port = MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	server->n++;
	return 0;
}

/* How long nothing will happen by itself, in ms. */
static int idle_ms(const struct server *server, int64_t until)
{
	int64_t due = until;
	MHD_UNSIGNED_LONG_LONG timeout;
	int ms;

	for (const struct stream *s = server->streams; s != NULL; s = s->next)
		if (s->suspended && watch_due(s->watch) < due)
			due = watch_due(s->watch);
	ms = clock_wait_ms(&server->clock, due);
	for (size_t i = 0; i < server->n; i++)
		if (MHD_get_timeout(server->listeners[i].daemon, &timeout) == MHD_YES && timeout < (MHD_UNSIGNED_LONG_LONG)ms)
			ms = (int)timeout;
	return ms;
}

static void wake_streams(struct server *server, int64_t now)
{
	for (struct stream *s = server->streams; s != NULL; s = s->next) {
		if (s->suspended && (server->stopping || watch_due(s->watch) <= now)) {
			s->suspended = false;
			MHD_resume_connection(s->connection);
		}
	}
}

static void turn(struct server *server)
{
	for (size_t i = 0; i < server->n; i++)
		(void)MHD_run(server->listeners[i].daemon);
}

int server_run(struct server *server, int stop_fd, int64_t until, struct error *err)
{
	struct pollfd fds[DAEMONS_MAX + 1] = { { .fd = stop_fd, .events = POLLIN } };

	for (size_t i = 0; i < server->n; i++)
		fds[i + 1] = (struct pollfd){ .fd = server->listeners[i].fd, .events = POLLIN };
	while (clock_now(&server->clock) < until) {
		if (poll(fds, (nfds_t)server->n + 1, idle_ms(server, until)) < 0 && errno != EINTR)
			return error_set(err, "poll: %s", strerror(errno));
		if (fds[0].revents != 0)
			break;
		wake_streams(server, clock_now(&server->clock));
		turn(server);
	}
	return 0;
}

/* A daemon that is stopped while one of its connections sleeps aborts the process (libmicrohttpd 0.9.75): wake them all first. */
void server_free(struct server *server)
{
	if (server == NULL)
		return;
	server->stopping = true;
	for (int i = 0; i < ENDING_TURNS; i++) {
		wake_streams(server, 0);
		turn(server);
	}
	for (size_t i = 0; i < server->n; i++)
		MHD_stop_daemon(server->listeners[i].daemon);
	free(server);
}
