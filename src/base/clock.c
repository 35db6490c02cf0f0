// Clocks, and RFC 3339 text.
#include "base/clock.h"

#include <errno.h>
#include <math.h>
#include <time.h>

static int64_t (*wall_override)(void);

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * US_PER_SECOND + t.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
    return wall_override ? wall_override() : read_clock(CLOCK_REALTIME);
}

int64_t clock_mono_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void clock_sleep_us(int64_t us)
{
    if (us <= 0)
        return;
    struct timespec t = {us / US_PER_SECOND, us % US_PER_SECOND * 1000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        ;
}

void clock_replace_wall(int64_t (*wall)(void))
{
    wall_override = wall;
}

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years run from March in 400-year
// eras of 146,097 days.
int64_t time_days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t yoe = year - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void time_civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = yoe + era * 400 + (*month <= 2);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

// Exactly `count` decimal digits; returns what follows them. Answers hold thousands of times, for
// which printf is the slowest part.
static char *put_digits(char *p, int value, int count)
{
    for (int i = count; i-- > 0; value /= 10)
        p[i] = (char)('0' + value % 10);
    return p + count;
}

char *time_to_text(int64_t time_us, char out[TIME_TEXT_BYTES])
{
    if (time_us < TIME_MIN_US || time_us > TIME_MAX_US) {
        out[0] = '\0';
        return out;
    }
    int64_t days = floor_div(time_us, US_PER_DAY), rest = time_us - days * US_PER_DAY, year;
    int month, day, us = (int)(rest % US_PER_SECOND), s = (int)(rest / US_PER_SECOND);
    time_civil_from_days(days, &year, &month, &day);
    char *p = put_digits(out, (int)year % 10000, 4);
    *p++ = '-';
    p = put_digits(p, month, 2);
    *p++ = '-';
    p = put_digits(p, day, 2);
    *p++ = 'T';
    p = put_digits(p, s / 3600, 2);
    *p++ = ':';
    p = put_digits(p, s / 60 % 60, 2);
    *p++ = ':';
    p = put_digits(p, s % 60, 2);
    if (us) {
        *p++ = '.';
        p = us % 1000 ? put_digits(p, us, 6) : put_digits(p, us / 1000, 3);
    }
    *p++ = 'Z';
    *p = '\0';
    return out;
}

// Reads `digits` decimal digits at *p; -1 when they are not there.
static int fixed(const char **p, const char *end, int digits)
{
    int v = 0;
    if (end - *p < digits)
        return -1;
    for (int i = 0; i < digits; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return -1;
        v = v * 10 + (**p - '0');
    }
    return v;
}

static bool skip(const char **p, const char *end, char c)
{
    if (*p < end && **p == c) {
        (*p)++;
        return true;
    }
    return false;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

// "Z", "+02:00", "-0330" or nothing, up to `end`.
static bool zone(const char *p, const char *end, int64_t *offset_us)
{
    *offset_us = 0;
    if (p == end)
        return true;
    if (skip(&p, end, 'Z') || skip(&p, end, 'z'))
        return p == end;
    bool west = *p == '-';
    if (!skip(&p, end, '+') && !skip(&p, end, '-'))
        return false;
    int h = fixed(&p, end, 2), m = 0;
    if (p < end) {
        skip(&p, end, ':');
        m = fixed(&p, end, 2);
    }
    if (h < 0 || h > 23 || m < 0 || m > 59 || p != end)
        return false;
    *offset_us = (h * INT64_C(3600) + m * 60) * US_PER_SECOND * (west ? -1 : 1);
    return true;
}

bool time_from_text(struct str text, int64_t *time_us)
{
    const char *p = text.p, *end = text.p + text.n;
    int year = fixed(&p, end, 4);
    if (year < 1 || !(skip(&p, end, '-') || skip(&p, end, '/')))
        return false;
    int month = fixed(&p, end, 2);
    if (month < 1 || month > 12 || !(skip(&p, end, '-') || skip(&p, end, '/')))
        return false;
    int day = fixed(&p, end, 2);
    if (day < 1 || day > days_in_month(year, month))
        return false;
    int64_t us = time_days_from_civil(year, month, day) * US_PER_DAY, offset = 0;
    if (p < end) {
        if (!skip(&p, end, 'T') && !skip(&p, end, 't') && !skip(&p, end, ' '))
            return false;
        int h = fixed(&p, end, 2), m = skip(&p, end, ':') ? fixed(&p, end, 2) : -1, s = 0;
        if (skip(&p, end, ':'))
            s = fixed(&p, end, 2);
        if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60)
            return false;
        us += (h * INT64_C(3600) + m * 60 + s) * US_PER_SECOND;
        if (skip(&p, end, '.') || skip(&p, end, ',')) {
            int64_t unit = US_PER_SECOND;
            const char *first = p;
            for (; p < end && *p >= '0' && *p <= '9'; p++) {
                unit /= 10;
                us += unit * (*p - '0');
            }
            if (p == first || p - first > 9)
                return false;
        }
        skip(&p, end, ' ');
        if (!zone(p, end, &offset))
            return false;
    }
    us -= offset;
    if (us < TIME_MIN_US || us > TIME_MAX_US)
        return false;
    *time_us = us;
    return true;
}

bool time_from_any(struct str s, int64_t *time_us)
{
    double v;
    int64_t whole;
    if (str_to_i64(s, &whole)) {
        uint64_t size = whole < 0 ? 0 - (uint64_t)whole : (uint64_t)whole;
        if (size < UINT64_C(100000000000))
            whole *= US_PER_SECOND;
        else if (size < UINT64_C(100000000000000))
            whole *= US_PER_MS;
        else if (size >= UINT64_C(100000000000000000))
            whole = floor_div(whole, 1000);
    } else if (str_to_double(s, &v)) {
        double scale = fabs(v) < 1e11 ? 1e6 : fabs(v) < 1e14 ? 1e3 : fabs(v) < 1e17 ? 1 : 1e-3;
        if (fabs(v * scale) > 9e18)
            return false;
        whole = llround(v * scale);
    } else {
        return time_from_text(s, time_us);
    }
    if (whole < TIME_MIN_US || whole > TIME_MAX_US)
        return false;
    *time_us = whole;
    return true;
}
