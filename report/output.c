#include "gonogo/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "evidence-json.h"
#include "formats.h"
#include "gonogo/buf.h"
#include "gonogo/digest.h"
#include "gonogo/doc.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "html.h"
#include "markdown.h"
#include "pdf.h"
#include "svg.h"

/* Far above any package; below what a hostile log may make us write. */
#define FILE_MAX ((size_t)256 * 1024 * 1024)

/* ---- The formats. */

struct writing;

static int render_markdown(struct buf *out, const struct package *package, struct error *err)
{
	return markdown_render(out, package->doc, err);
}

static int render_json(struct buf *out, const struct package *package, struct error *err)
{
	return evidence_json_write(out, package->assessment, err);
}

static int put_figures(struct writing *w);
static int put_rules(struct writing *w);

static const struct format {
	const char *name, *file;
	int (*render)(struct buf *out, const struct package *package, struct error *err);
	int (*more)(struct writing *w); /* further files, or NULL */
} formats[] = {
	/* clang-format off */
	{ "md", "report.md", render_markdown, put_figures },
	{ "pdf", "report.pdf", pdf_render, NULL },
	{ "html", "report.html", html_render, NULL },
	{ "json", "evidence.json", render_json, NULL },
	{ "summary", "summary.md", summary_render, NULL },
	{ "csv", "timeline.csv", timeline_csv_render, NULL },
	{ "junit", "junit.xml", junit_render, NULL },
	{ "cdevents", "cdevents.ndjson", cdevents_render, NULL },
	{ "rules", "rollback-rules.yaml", rules_render, put_rules },
	/* clang-format on */
};
#define FORMATS (sizeof formats / sizeof formats[0])

void output_list_formats(struct buf *out)
{
	for (size_t i = 0; i < FORMATS; i++)
		buf_printf(out, "%s%s", i == 0 ? "" : ", ", formats[i].name);
}

static int no_such_format(const char *name, size_t len, struct error *err)
{
	struct buf list;

	buf_init(&list, 1024);
	output_list_formats(&list);
	error_code(err, ERR_USAGE, "--format: no format \"%.*s\"; there are %s", (int)len, name, list.failed ? "others" : list.data);
	buf_free(&list);
	return -1;
}

static bool is_chosen(const char *list, const char *name)
{
	size_t n = strlen(name);

	if (list == NULL)
		return true;
	for (const char *p = list; *p != '\0';) {
		size_t k = strcspn(p, ",");

		if (k == n && strncmp(p, name, n) == 0)
			return true;
		p += k;
		p += *p == ',';
	}
	return false;
}

int output_check_formats(const char *list, struct error *err)
{
	for (const char *p = list; p != NULL && *p != '\0';) {
		size_t k = strcspn(p, ","), i = 0;

		while (i < FORMATS && (strlen(formats[i].name) != k || strncmp(formats[i].name, p, k) != 0))
			i++;
		if (i == FORMATS)
			return no_such_format(p, k, err);
		p += k;
		p += *p == ',';
	}
	return 0;
}

/* ---- Files. */

static int write_all(int fd, const struct buf *bytes)
{
	size_t at = 0;

	while (at < bytes->len) {
		ssize_t n = write(fd, bytes->data + at, bytes->len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += (size_t)n;
	}
	return 0;
}

static int write_file(int directory, const char *name, const struct buf *bytes, struct error *err)
{
	char temporary[256];
	int fd;

	(void)snprintf(temporary, sizeof temporary, ".%s.%ld", name, (long)getpid());
	fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_set(err, "%s: %s", temporary, strerror(errno));
	if (write_all(fd, bytes) < 0 || fsync(fd) < 0) {
		error_set(err, "%s: %s", name, strerror(errno));
		close(fd);
		(void)unlinkat(directory, temporary, 0);
		return -1;
	}
	if (close(fd) < 0 || renameat(directory, temporary, directory, name) < 0) {
		error_set(err, "%s: %s", name, strerror(errno));
		(void)unlinkat(directory, temporary, 0);
		return -1;
	}
	return 0;
}

/* ---- A tar stream (POSIX ustar): time stamps are the evidence's, owners nobody. */

static void put_octal(char *field, size_t size, unsigned long long value)
{
	field[size - 1] = '\0';
	for (size_t i = size - 1; i-- > 0; value >>= 3)
		field[i] = (char)('0' + (value & 7));
}

static int write_tar_member(int64_t dated, const char *name, const struct buf *bytes, struct error *err)
{
	char header[512] = { 0 };
	static const char zeros[512];
	unsigned sum = 0;

	(void)snprintf(header, 100, "%s", name);
	put_octal(header + 100, 8, 0644);
	put_octal(header + 108, 8, 0);
	put_octal(header + 116, 8, 0);
	put_octal(header + 124, 12, bytes->len);
	put_octal(header + 136, 12, (unsigned long long)(dated > 0 ? dated / NS_PER_S : 0));
	memset(header + 148, ' ', 8);
	header[156] = '0';
	memcpy(header + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof header; i++)
		sum += (unsigned char)header[i];
	put_octal(header + 148, 7, sum);
	if (fwrite(header, 1, sizeof header, stdout) != sizeof header || fwrite(bytes->data, 1, bytes->len, stdout) != bytes->len ||
	    fwrite(zeros, 1, (512 - bytes->len % 512) % 512, stdout) != (512 - bytes->len % 512) % 512)
		return error_set(err, "stdout: %s", strerror(errno));
	return 0;
}

static int end_tar(struct error *err)
{
	static const char zeros[1024];

	return fwrite(zeros, 1, sizeof zeros, stdout) == sizeof zeros && fflush(stdout) == 0
		       ? 0
		       : error_set(err, "stdout: %s", strerror(errno));
}

/* ---- The package. */

struct writing {
	const struct package *package;
	int directory; /* -1: tar */
	const char *path;
	struct buf *names;
	struct buf sums;
	struct error *err;
};

/* name: of our own, or made by svg_name; folder: NULL, or a fixed one that is made here. */
static int put_file(struct writing *w, const char *folder, const char *name, const struct buf *bytes)
{
	char whole[100]; /* a name in a tar, POSIX.1 ustar */
	int inner, rc;

	(void)snprintf(whole, sizeof whole, "%s%s%s", folder == NULL ? "" : folder, folder == NULL ? "" : "/", name);
	if (w->directory < 0)
		return write_tar_member(w->package->doc->dated, whole, bytes, w->err);
	buf_printf(w->names, "%s/%s\n", w->path, whole);
	if (folder == NULL)
		return write_file(w->directory, name, bytes, w->err);
	if (mkdirat(w->directory, folder, 0755) < 0 && errno != EEXIST)
		return error_set(w->err, "%s/%s: %s", w->path, folder, strerror(errno));
	inner = openat(w->directory, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inner < 0)
		return error_set(w->err, "%s/%s: %s", w->path, folder, strerror(errno));
	rc = write_file(inner, name, bytes, w->err);
	if (rc == 0 && fsync(inner) < 0)
		rc = error_set(w->err, "%s/%s: %s", w->path, folder, strerror(errno));
	close(inner);
	return rc;
}

static int put_summed(struct writing *w, const char *folder, const char *name, const struct buf *bytes)
{
	uint8_t digest[DIGEST_SIZE];
	char hex[DIGEST_HEX_SIZE];

	if (buf_check(bytes, name, w->err) < 0 || digest_bytes(digest, bytes->data, bytes->len, w->err) < 0)
		return -1;
	buf_printf(&w->sums, "%s  %s%s%s\n", digest_hex(hex, digest), folder == NULL ? "" : folder, folder == NULL ? "" : "/", name);
	return put_file(w, folder, name, bytes);
}

/* The charts that report.md shows. */
static int put_figures(struct writing *w)
{
	const struct doc *doc = w->package->doc;
	int rc = 0;

	for (size_t i = 0; i < doc->n_charts && rc == 0; i++) {
		char stem[80], name[96];
		struct buf bytes;

		buf_init(&bytes, FILE_MAX);
		svg_name(stem, sizeof stem, &doc->charts[i]);
		(void)snprintf(name, sizeof name, "%s.svg", stem);
		rc = svg_render(&bytes, &doc->charts[i], w->err);
		if (rc == 0)
			rc = put_summed(w, "figures", name, &bytes);
		buf_free(&bytes);
	}
	return rc;
}

static int put_rendered(struct writing *w, const char *file, int (*render)(struct buf *, const struct package *, struct error *))
{
	struct buf bytes;
	int rc;

	buf_init(&bytes, FILE_MAX);
	rc = render(&bytes, w->package, w->err);
	if (rc == 0)
		rc = put_summed(w, NULL, file, &bytes);
	buf_free(&bytes);
	return rc;
}

/* The same rules as a manifest, and the cases that show them at work. */
static int put_rules(struct writing *w)
{
	return put_rendered(w, "rollback-prometheusrule.yaml", rules_manifest_render) < 0
		       ? -1
		       : put_rendered(w, "rollback-rules.test.yaml", rules_test_render);
}

static int put_format(struct writing *w, const struct format *format)
{
	int rc = put_rendered(w, format->file, format->render);

	return rc == 0 && format->more != NULL ? format->more(w) : rc;
}

static int open_directory(const char *path, struct error *err)
{
	int fd;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return error_set(err, "%s: %s", path, strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_set(err, "%s: %s", path, strerror(errno)) : fd;
}

int output_file(const char *directory, const char *name, const struct buf *bytes, struct error *err)
{
	int fd = open_directory(directory, err), rc;

	if (fd < 0)
		return -1;
	rc = write_file(fd, name, bytes, err);
	if (rc == 0 && fsync(fd) < 0)
		rc = error_set(err, "%s: %s", directory, strerror(errno));
	close(fd);
	return rc;
}

int output_path(const char *path, const struct buf *bytes, struct error *err)
{
	const char *slash = strrchr(path, '/');
	char folder[4096] = ".";

	if (slash != NULL && (size_t)(slash - path) >= sizeof folder)
		return error_set(err, "%.200s: path too long", path);
	if (slash != NULL) {
		memcpy(folder, path, (size_t)(slash - path));
		folder[slash - path] = '\0';
	}
	return output_file(slash == path ? "/" : folder, slash == NULL ? path : slash + 1, bytes, err);
}

int output_write(const struct package *package, const char *directory, const char *list, struct buf *names, struct error *err)
{
	struct writing w = { .package = package, .directory = -1, .path = directory, .names = names, .err = err };
	bool tar = strcmp(directory, "-") == 0;
	int rc = -1;

	buf_init(&w.sums, 65536);
	if (!tar && (w.directory = open_directory(directory, err)) < 0)
		return -1;
	for (size_t i = 0; i < FORMATS; i++)
		if (is_chosen(list, formats[i].name) && put_format(&w, &formats[i]) < 0)
			goto out;
	if (buf_check(&w.sums, "SHA256SUMS", err) < 0 || put_file(&w, NULL, "SHA256SUMS", &w.sums) < 0)
		goto out;
	rc = tar ? end_tar(err) : fsync(w.directory);
	if (rc < 0 && !tar)
		error_set(err, "%s: %s", directory, strerror(errno));
out:
	buf_free(&w.sums);
	if (w.directory >= 0)
		close(w.directory);
	return rc;
}
