/* The time, passed to whoever needs it; real, or simulated for replays ("--clock START@RATE"). */
#ifndef GONOGO_CLOCK_H
#define GONOGO_CLOCK_H

#include <stdint.h>

struct error;

#define BOOT_ID_SIZE 37

/* Plain data; copy freely. */
struct clock {
	int64_t start;		/* simulated: the time shown at origin; INSTANT_NONE: real */
	int64_t origin;		/* CLOCK_BOOTTIME when it was made */
	double rate;		/* simulated nanoseconds a real nanosecond, 0.01 to 10000 */
	char boot_id[BOOT_ID_SIZE];
};

/* The real time; boot id from /proc/sys/kernel/random/boot_id, zeros where that cannot be read. */
void clock_real(struct clock *clock);

/* "START@RATE": START is RFC 3339, or nanoseconds since the epoch; ERR_USAGE with the form otherwise. START is shown at the moment
 * this is called, unless the environment's GONOGO_CLOCK_ORIGIN (CLOCK_BOOTTIME in ns) says when it was: two processes that share it
 * show the same time. */
int clock_parse(struct clock *clock, const char *text, struct error *err);

/* UTC nanoseconds since the epoch. */
int64_t clock_now(const struct clock *clock);

/* Nanoseconds that passed since boot, in the clock's own time; never steps. */
int64_t clock_boottime(const struct clock *clock);

/* How long to really wait, in milliseconds rounded up, until the clock shows the instant; 0 if it has passed. Capped at an hour. */
int clock_wait_ms(const struct clock *clock, int64_t until);

#endif
