/* Events a second into the log, beside the same bytes by pwrite and fdatasync in the same run (facts/reliability.md 1.3, goal 2). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/store.h"

#define EVENT_BYTES 1024

static double now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Bodies differ and do not shrink to nothing: a hex text of pseudo-random digits. */
static void fill(char *body, unsigned seed)
{
	unsigned long long x = seed * 2654435761ULL + 1;

	for (size_t i = 0; i < EVENT_BYTES - 1; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		body[i] = "0123456789abcdef"[x & 15];
	}
	body[EVENT_BYTES - 1] = '\0';
}

static double store_seconds(struct store *s, int group, int turns)
{
	static char body[EVENT_BYTES];
	static unsigned seed;
	struct error err = { .text = "" };
	double start = now();

	for (int t = 0; t < turns; t++) {
		if (store_begin(s, &err) < 0)
			break;
		for (int i = 0; i < group; i++) {
			struct observation row = { .received_at = t, .boot_id = "b", .source = SOURCE_FLAGGER, .kind = "event", .subject = "Canary develop/backend",
				                   .request = "POST /event", .marks = "", .body = body, .body_len = EVENT_BYTES - 1 };

			fill(body, ++seed);
			if (store_append(s, &row, &err) < 0)
				break;
		}
		if (store_commit(s, &err) < 0)
			break;
	}
	if (*err.text != '\0')
		fprintf(stderr, "store: %s\n", err.text);
	return now() - start;
}

static double raw_seconds(int fd, int group, int turns)
{
	static char body[EVENT_BYTES];
	static off_t at;
	static unsigned seed;
	double start = now();

	for (int t = 0; t < turns; t++) {
		for (int i = 0; i < group; i++) {
			fill(body, ++seed);
			if (pwrite(fd, body, EVENT_BYTES, at) != EVENT_BYTES)
				return -1;
			at += EVENT_BYTES;
		}
		if (fdatasync(fd) < 0)
			return -1;
	}
	return now() - start;
}

int main(void)
{
	static const struct {
		int group, turns;
		double goal;
	} cases[] = { { 1, 2000, 1.3 }, { 10, 500, 1.6 }, { 100, 100, 2.0 }, { 1000, 20, 2.5 } };
	char folder[] = "/tmp/gonogo-bench-XXXXXX", path[64], command[96];
	struct store *s;
	struct error err;
	int fd;

	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(path, sizeof path, "%s/raw", folder);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	(void)snprintf(path, sizeof path, "%s/evidence.db", folder);
	if (fd < 0 || store_open(&s, path, STORE_WRITE, "gonogo/bench/evidence", &err) < 0)
		return 1;
	printf("%-8s %14s %14s %8s %8s\n", "group", "events/s", "raw events/s", "ratio", "goal");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		/* Once to warm both up; then in turn. */
		(void)store_seconds(s, cases[i].group, 5);
		(void)raw_seconds(fd, cases[i].group, 5);
		double raw = raw_seconds(fd, cases[i].group, cases[i].turns), own = store_seconds(s, cases[i].group, cases[i].turns);
		double n = (double)cases[i].group * cases[i].turns;

		printf("%-8d %14.0f %14.0f %8.2f %8.2f\n", cases[i].group, n / own, n / raw, own / raw, cases[i].goal);
		(void)store_checkpoint(s, &err);
	}
	store_close(s);
	(void)close(fd);
	(void)snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}
