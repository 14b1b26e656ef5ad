#include "gonogo/clock.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gonogo/error.h"
#include "gonogo/instant.h"

#define WAIT_MAX_MS 3600000

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void read_boot_id(char out[static BOOT_ID_SIZE])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	size_t n = 0;

	if (file != NULL) {
		n = fread(out, 1, BOOT_ID_SIZE - 1, file);
		(void)fclose(file);
	}
	if (n != BOOT_ID_SIZE - 1)
		memcpy(out, "00000000-0000-0000-0000-000000000000", BOOT_ID_SIZE - 1);
	out[BOOT_ID_SIZE - 1] = '\0';
}

void clock_real(struct clock *clock)
{
	*clock = (struct clock){ .start = INSTANT_NONE, .rate = 1 };
	read_boot_id(clock->boot_id);
}

/* A whole number of nanoseconds, or RFC 3339. */
static int parse_start(int64_t *out, const char *text)
{
	char *end;

	if (strspn(text, "0123456789") == strlen(text) && strlen(text) >= 10) {
		errno = 0;
		*out = strtoll(text, &end, 10);
		return errno == 0 ? 0 : -1;
	}
	return instant_parse(out, text, NULL);
}

int clock_parse(struct clock *clock, const char *text, struct error *err)
{
	const char *at = strrchr(text, '@');
	const char *origin = getenv("GONOGO_CLOCK_ORIGIN");
	char start[INSTANT_TEXT_MAX], *end;

	clock_real(clock);
	if (at == NULL || (size_t)(at - text) >= sizeof start)
		goto usage;
	memcpy(start, text, (size_t)(at - text));
	start[at - text] = '\0';
	clock->rate = strtod(at + 1, &end);
	if (*end != '\0' || end == at + 1 || !isfinite(clock->rate) || clock->rate < 0.01 || clock->rate > 10000)
		goto usage;
	if (parse_start(&clock->start, start) < 0)
		goto usage;
	clock->origin = read_clock(CLOCK_BOOTTIME);
	if (origin != NULL && *origin != '\0') {
		clock->origin = strtoll(origin, &end, 10);
		if (*end != '\0')
			return error_code(err, ERR_USAGE, "GONOGO_CLOCK_ORIGIN: \"%.40s\" is no number of nanoseconds", origin);
	}
	return 0;
usage:
	return error_code(err, ERR_USAGE, "clock \"%.60s\": want START@RATE, e.g. 2026-11-25T04:02:00Z@60 (rate 0.01 to 10000)", text);
}

int64_t clock_now(const struct clock *clock)
{
	if (clock->start == INSTANT_NONE)
		return read_clock(CLOCK_REALTIME);
	return clock->start + (int64_t)((double)(read_clock(CLOCK_BOOTTIME) - clock->origin) * clock->rate);
}

int64_t clock_boottime(const struct clock *clock)
{
	if (clock->start == INSTANT_NONE)
		return read_clock(CLOCK_BOOTTIME);
	return (int64_t)((double)(read_clock(CLOCK_BOOTTIME) - clock->origin) * clock->rate);
}

int clock_wait_ms(const struct clock *clock, int64_t until)
{
	double ms = ((double)until - (double)clock_now(clock)) / clock->rate / (double)NS_PER_MS;

	if (ms <= 0)
		return 0;
	return ms > WAIT_MAX_MS ? WAIT_MAX_MS : (int)ceil(ms);
}
