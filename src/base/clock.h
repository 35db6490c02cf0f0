// Time: wall and monotonic clocks that a test can replace, and RFC 3339 text.
//
// Inside fettle a time is int64 microseconds since 1970-01-01T00:00:00Z, UTC, without leap seconds.
#ifndef FETTLE_BASE_CLOCK_H
#define FETTLE_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define US_PER_MS     INT64_C(1000)
#define US_PER_SECOND INT64_C(1000000)
#define US_PER_MINUTE (60 * US_PER_SECOND)
#define US_PER_HOUR   (3600 * US_PER_SECOND)
#define US_PER_DAY    (86400 * US_PER_SECOND)

// A time that stands for "none".
#define TIME_NONE INT64_MIN

// Years 0001 to 9999: what RFC 3339 can write.
#define TIME_MIN_US INT64_C(-62135596800000000)
#define TIME_MAX_US INT64_C(253402300799999999)

// Wall time (may jump) and monotonic time (never goes back; arbitrary zero), microseconds.
int64_t clock_wall_us(void);
int64_t clock_mono_us(void);
void clock_sleep_us(int64_t us);

// For tests: wall time becomes what `wall` returns; NULL gives the real clock back.
void clock_replace_wall(int64_t (*wall)(void));

enum { TIME_TEXT_BYTES = 32 };

// "2026-11-21T09:15:00.25Z": fraction only as long as needed (0, 3 or 6 digits). Returns `out`.
// TIME_NONE gives the empty text.
char *time_to_text(int64_t time_us, char out[TIME_TEXT_BYTES]);

// RFC 3339 and what people write near it: "T" or blank between date and time, fraction of 1 to 9
// digits (cut to microseconds), "Z", "+02:00", "+0200" or nothing (taken as UTC), seconds left out,
// or the date alone. Days and months are checked; second 60 counts as the next minute's 0.
bool time_from_text(struct str s, int64_t *time_us);

// As time_from_text, or a plain number of seconds, milliseconds, microseconds or nanoseconds since
// 1970, told apart by size (below 1e11: seconds, 1e14: ms, 1e17: us).
bool time_from_any(struct str s, int64_t *time_us);

// Days since 1970-01-01 of a proleptic Gregorian date, and back.
int64_t time_days_from_civil(int64_t year, int month, int day);
void time_civil_from_days(int64_t days, int64_t *year, int *month, int *day);

#endif
