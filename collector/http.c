#include "http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "gonogo/error.h"

/* A query's answer or a list must come within that time. */
#define TOTAL_S 30
#define CONNECT_S 10
/* A server that asks for more is asked again all the same: a watch must not fall silent for hours by a wrong header. */
#define RETRY_AFTER_MAX_S 600

struct http {
	CURLM *multi;
	struct http_request *requests;
};

struct http_request {
	struct http_request *next;
	struct http *http;
	CURL *easy;
	struct curl_slist *headers;
	struct http_handler handler;
	char problem[CURL_ERROR_SIZE];
	int64_t retry_after;
	size_t bytes;
	bool refused;
};

struct http *http_new(struct error *err)
{
	struct http *http = calloc(1, sizeof *http);

	if (http == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (http->multi = curl_multi_init()) == NULL) {
		free(http);
		error_nomem(err);
		return NULL;
	}
	return http;
}

static void free_request(struct http_request *r)
{
	curl_multi_remove_handle(r->http->multi, r->easy);
	curl_easy_cleanup(r->easy);
	curl_slist_free_all(r->headers);
	free(r);
}

static void unlink_request(struct http *http, const struct http_request *request)
{
	struct http_request **at = &http->requests;

	while (*at != NULL && *at != request)
		at = &(*at)->next;
	if (*at != NULL)
		*at = request->next;
}

void http_free(struct http *http)
{
	if (http == NULL)
		return;
	while (http->requests != NULL) {
		struct http_request *r = http->requests;

		http->requests = r->next;
		free_request(r);
	}
	curl_multi_cleanup(http->multi);
	curl_global_cleanup();
	free(http);
}

static bool is_loopback_host(const char *host)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	    (inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6)))
		return true;
	/* A name such as 127.example.org begins alike. */
	return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

/* A part of the URL as curl itself understands it: the host of http://127.0.0.1@example.org/ is example.org. NULL: there is none. */
static char *url_part(const char *url, CURLUPart which)
{
	CURLU *parts = curl_url();
	char *text = NULL;

	if (parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK)
		(void)curl_url_get(parts, which, &text, 0);
	curl_url_cleanup(parts);
	return text;
}

static bool is_loopback(const char *url)
{
	char *host = url_part(url, CURLUPART_HOST);
	bool yes = host != NULL && is_loopback_host(host);

	curl_free(host);
	return yes;
}

static bool has_user(const char *url)
{
	char *user = url_part(url, CURLUPART_USER);
	bool yes = user != NULL;

	curl_free(user);
	return yes;
}

/* What names itself a credential among free headers. */
static bool has_authorization(const struct http_access *access)
{
	for (size_t i = 0; access->headers != NULL && access->headers[i] != NULL; i++)
		if (strncasecmp(access->headers[i], "authorization:", 14) == 0 || strncasecmp(access->headers[i], "cookie:", 7) == 0)
			return true;
	return false;
}

static bool is_allowed(const char *url, const struct http_access *access)
{
	if (strncasecmp(url, "https://", 8) == 0)
		return true;
	if (strncasecmp(url, "http://", 7) != 0)
		return false;
	if (is_loopback(url))
		return true;
	return access->plain && access->token == NULL && access->user == NULL && !has_user(url) && !has_authorization(access);
}

static size_t on_data(char *bytes, size_t size, size_t n, void *arg)
{
	struct http_request *r = arg;
	long status = 0;

	(void)size;
	(void)curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	r->bytes += n;
	if (r->handler.data(r->handler.arg, (int)status, bytes, n) < 0) {
		r->refused = true;
		return 0;
	}
	return n;
}

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
	struct http_request *r = arg;
	static const char name[] = "retry-after:";
	char value[16];
	size_t len;

	(void)size;
	if (n > sizeof name && strncasecmp(line, name, sizeof name - 1) == 0) {
		len = n - (sizeof name - 1);
		if (len < sizeof value) {
			memcpy(value, line + sizeof name - 1, len);
			value[len] = '\0';
			r->retry_after = strtol(value, NULL, 10);
			if (r->retry_after > RETRY_AFTER_MAX_S)
				r->retry_after = RETRY_AFTER_MAX_S;
		}
	}
	return n;
}

static void add_header(struct http_request *r, const char *line)
{
	struct curl_slist *more = curl_slist_append(r->headers, line);

	if (more != NULL)
		r->headers = more;
}

static void set_blob(CURL *easy, CURLoption option, const char *pem)
{
	struct curl_blob blob = { (void *)(uintptr_t)pem, strlen(pem), CURL_BLOB_COPY };

	(void)curl_easy_setopt(easy, option, &blob);
}

static void set_access(struct http_request *r, const char *url, const struct http_access *a)
{
	CURL *e = r->easy;

	if (a->ca != NULL)
		set_blob(e, CURLOPT_CAINFO_BLOB, a->ca);
	if (a->ca_file != NULL)
		(void)curl_easy_setopt(e, CURLOPT_CAINFO, a->ca_file);
	if (a->certificate != NULL && a->key != NULL) {
		set_blob(e, CURLOPT_SSLCERT_BLOB, a->certificate);
		set_blob(e, CURLOPT_SSLKEY_BLOB, a->key);
	}
	if (a->token != NULL) {
		(void)curl_easy_setopt(e, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
		(void)curl_easy_setopt(e, CURLOPT_XOAUTH2_BEARER, a->token);
	} else if (a->user != NULL) {
		(void)curl_easy_setopt(e, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		(void)curl_easy_setopt(e, CURLOPT_USERNAME, a->user);
		(void)curl_easy_setopt(e, CURLOPT_PASSWORD, a->password != NULL ? a->password : "");
	}
	for (size_t i = 0; a->headers != NULL && a->headers[i] != NULL; i++)
		add_header(r, a->headers[i]);
	if (a->insecure && is_loopback(url)) {
		(void)curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 0L);
		(void)curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static void set_options(struct http_request *r, const char *url, int idle)
{
	CURL *e = r->easy;

	(void)curl_easy_setopt(e, CURLOPT_URL, url);
	(void)curl_easy_setopt(e, CURLOPT_PRIVATE, r);
	(void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	(void)curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	(void)curl_easy_setopt(e, CURLOPT_TCP_KEEPIDLE, 30L);
	(void)curl_easy_setopt(e, CURLOPT_TCP_KEEPINTVL, 10L);
	(void)curl_easy_setopt(e, CURLOPT_USERAGENT, "gonogo-collector/" GONOGO_VERSION);
	(void)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, r->problem);
	(void)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_data);
	(void)curl_easy_setopt(e, CURLOPT_WRITEDATA, r);
	(void)curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(e, CURLOPT_HEADERDATA, r);
	if (idle == 0) {
		(void)curl_easy_setopt(e, CURLOPT_TIMEOUT, (long)TOTAL_S);
	} else {
		/* A watch is silent for minutes; a dead one for ever. */
		(void)curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
		(void)curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)idle);
	}
}

struct http_request *http_get(struct http *http, const char *url, const struct http_access *access, int idle,
			      const struct http_handler *handler, struct error *err)
{
	struct http_request *r;

	if (!is_allowed(url, access)) {
		/* Not the URL: it may hold a password. */
		char *host = url_part(url, CURLUPART_HOST);

		error_code(err, ERR_USAGE, "%.100s: not https; plain HTTP is allowed to loopback, and to Prometheus without credentials",
			   host == NULL ? "a URL" : host);
		curl_free(host);
		return NULL;
	}
	r = calloc(1, sizeof *r);
	if (r == NULL || (r->easy = curl_easy_init()) == NULL) {
		free(r);
		error_nomem(err);
		return NULL;
	}
	r->http = http;
	r->handler = *handler;
	r->retry_after = -1;
	set_options(r, url, idle);
	set_access(r, url, access);
	add_header(r, "Accept: application/json");
	(void)curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers);
	r->next = http->requests;
	http->requests = r;
	(void)curl_multi_add_handle(http->multi, r->easy);
	return r;
}

void http_cancel(struct http *http, struct http_request *request)
{
	unlink_request(http, request);
	free_request(request);
}

static void finish(struct http *http, CURL *easy, CURLcode code)
{
	struct http_request *r = NULL;
	struct http_result result = { 0 };
	curl_off_t us = 0;
	long status = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &r);
	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &us);
	result.status = (int)status;
	result.retry_after = r->retry_after;
	result.bytes = r->bytes;
	result.seconds = (double)us / 1e6;
	if (code != CURLE_OK && !(r->refused && code == CURLE_WRITE_ERROR))
		result.problem = r->problem[0] != '\0' ? r->problem : curl_easy_strerror(code);
	if (r->refused)
		result.problem = "answer larger than allowed";
	unlink_request(http, r);
	/* The handler may start a new request; this one is out of the list already. */
	r->handler.done(r->handler.arg, &result);
	free_request(r);
}

int http_wait(struct http *http, int fd, int ms, struct error *err)
{
	struct curl_waitfd extra = { .fd = fd, .events = CURL_WAIT_POLLIN };
	CURLMsg *message;
	int running, left;

	if (curl_multi_poll(http->multi, fd >= 0 ? &extra : NULL, fd >= 0 ? 1 : 0, ms, NULL) != CURLM_OK ||
	    curl_multi_perform(http->multi, &running) != CURLM_OK)
		return error_set(err, "curl: waiting failed");
	while ((message = curl_multi_info_read(http->multi, &left)) != NULL)
		if (message->msg == CURLMSG_DONE)
			finish(http, message->easy_handle, message->data.result);
	return 0;
}

char *http_escape(const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, 0), *copy;

	if (escaped == NULL)
		return NULL;
	copy = strdup(escaped);
	curl_free(escaped);
	return copy;
}

const char *http_library(void)
{
	return curl_version();
}
