// Packs columns of doubles bit for bit: as scaled integers where they are decimals, else XORed.
#include <math.h>

#include "store/column.h"

enum {
    PLACES_MAX = 12,     // decimal places tried
    KIND_XOR = 0x80,     // else: the number of decimal places
    KIND_PLAIN = 0x81,   // as they are, where nothing helps
    HAS_OTHERS = 0x40,   // some values are no such decimals
    OTHER_RUNS_MAX = 64, // more runs of those: XOR it is
};

static const double powers[PLACES_MAX + 1] = {1,   1e1, 1e2, 1e3,  1e4,  1e5, 1e6,
                                              1e7, 1e8, 1e9, 1e10, 1e11, 1e12};

static uint64_t bits_of(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

// True if `*scaled` / 10^places gives exactly these bits again.
static bool as_decimal(double v, unsigned places, int64_t *scaled)
{
    double x = v * powers[places];
    if (!(fabs(x) < 9e15))
        return false;
    int64_t whole = llrint(x);
    *scaled = whole;
    return bits_of((double)whole / powers[places]) == bits_of(v);
}

// A run of values that are no decimals, all with the same bits (NaN mostly).
struct run {
    uint32_t at, count;
    uint64_t bits;
};

struct decimals {
    int64_t scaled[COLUMN_MAX];
    struct run others[OTHER_RUNS_MAX];
    size_t other_count;
};

static bool add_other(struct decimals *d, size_t i, double v)
{
    struct run *last = d->other_count ? &d->others[d->other_count - 1] : NULL;
    if (last && last->at + last->count == i && last->bits == bits_of(v)) {
        last->count++;
        return true;
    }
    if (d->other_count == OTHER_RUNS_MAX)
        return false;
    d->others[d->other_count++] = (struct run){(uint32_t)i, 1, bits_of(v)};
    return true;
}

// The places that most values need; PLACES_MAX + 1 when too many are no decimals at all.
static unsigned find_places(const double *v, size_t n)
{
    unsigned places = 0;
    size_t hopeless = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t scaled;
        unsigned p = places;
        if (isnan(v[i]))
            continue;
        while (p <= PLACES_MAX && !as_decimal(v[i], p, &scaled))
            p++;
        if (p <= PLACES_MAX)
            places = p;
        else if (++hopeless > n / 8 + 1)
            return PLACES_MAX + 1;
    }
    return places;
}

// Others take the value before them, so that they cost nothing in the column of integers.
static bool scale(struct decimals *d, const double *v, size_t n, unsigned places)
{
    int64_t before = 0;
    d->other_count = 0;
    for (size_t i = 0; i < n; i++) {
        if (as_decimal(v[i], places, &d->scaled[i]))
            before = d->scaled[i];
        else if (add_other(d, i, v[i]))
            d->scaled[i] = before;
        else
            return false;
    }
    return d->other_count <= n / 8 + 1;
}

static void put_decimals(const struct decimals *d, size_t n, unsigned places, struct buf *out)
{
    buf_add_char(out, (char)(places | (d->other_count ? HAS_OTHERS : 0)));
    if (d->other_count) {
        put_varint(out, d->other_count);
        size_t end = 0;
        for (size_t i = 0; i < d->other_count; i++) {
            put_varint(out, d->others[i].at - end);
            put_varint(out, d->others[i].count);
            put_u64(out, d->others[i].bits);
            end = d->others[i].at + d->others[i].count;
        }
    }
    column_ints_pack(d->scaled, n, out);
}

// Each difference: 0 (the same), or 10 and the middle bits within the window of the one before, or
// 11, the new window (leading zeros: 6 bits, length - 1: 6 bits) and its bits. Lowest bit first.
static void put_xors(const double *v, size_t n, struct buf *out)
{
    buf_add_char(out, (char)KIND_XOR);
    put_u64(out, bits_of(v[0]));
    struct bits_out bits = {.to = out};
    unsigned lead = 0, length = 0;
    for (size_t i = 1; i < n; i++) {
        uint64_t x = bits_of(v[i]) ^ bits_of(v[i - 1]);
        if (x == 0) {
            bits_put(&bits, 0, 1);
            continue;
        }
        unsigned x_lead = (unsigned)__builtin_clzll(x), x_trail = (unsigned)__builtin_ctzll(x);
        unsigned x_length = 64 - x_lead - x_trail, trail = 64 - lead - length;
        if (length && x_lead >= lead && x_trail >= trail && length < x_length + 13) {
            bits_put(&bits, 1, 2);
        } else {
            lead = x_lead;
            length = x_length;
            trail = x_trail;
            bits_put(&bits, 3 | lead << 2 | (length - 1) << 8, 14);
        }
        bits_put64(&bits, x >> trail, length);
    }
    bits_end(&bits);
}

static void put_plain(const double *v, size_t n, struct buf *out)
{
    buf_add_char(out, (char)KIND_PLAIN);
    buf_add(out, v, n * sizeof *v);
}

void column_doubles_pack(const double *v, size_t n, struct buf *out)
{
    struct decimals d;
    unsigned places = find_places(v, n);
    if (places <= PLACES_MAX && scale(&d, v, n, places)) {
        put_decimals(&d, n, places, out);
        return;
    }
    size_t start = out->n;
    put_xors(v, n, out);
    if (out->n - start > n * sizeof *v) {
        out->n = start;
        put_plain(v, n, out);
    }
}

static bool get_xors(struct bytes_in *in, double *v, size_t n)
{
    uint64_t at = bytes_u64(in);
    v[0] = double_of(at);
    struct bits_in bits = {.from = in};
    unsigned length = 0, trail = 0;
    for (size_t i = 1; i < n; i++) {
        if (bits_get(&bits, 1)) {
            if (bits_get(&bits, 1)) {
                unsigned window = (unsigned)bits_get(&bits, 12), lead = window & 63;
                length = (window >> 6) + 1;
                if (lead + length > 64)
                    return false;
                trail = 64 - lead - length;
            }
            if (length == 0)
                return false;
            at ^= bits_get64(&bits, length) << trail;
        }
        v[i] = double_of(at);
    }
    bits_in_end(&bits);
    return !in->failed;
}

static bool get_plain(struct bytes_in *in, double *v, size_t n)
{
    if ((size_t)(in->end - in->p) < n * sizeof *v)
        return false;
    memcpy(v, in->p, n * sizeof *v);
    in->p += n * sizeof *v;
    return true;
}

static bool get_decimals(struct bytes_in *in, unsigned head, double *v, size_t n)
{
    unsigned places = head & (HAS_OTHERS - 1);
    if (places > PLACES_MAX)
        return false;
    struct bytes_in others = *in;
    size_t other_count = 0;
    if (head & HAS_OTHERS) {
        other_count = bytes_varint(in);
        others = *in;
        if (other_count > n)
            return false;
        for (size_t i = 0; i < other_count; i++) {
            bytes_varint(in);
            bytes_varint(in);
            bytes_u64(in);
        }
    }
    int64_t scaled[COLUMN_MAX];
    if (in->failed || !column_ints_unpack(in, scaled, n))
        return false;
    for (size_t i = 0; i < n; i++)
        v[i] = (double)scaled[i] / powers[places];
    size_t at = 0;
    for (size_t i = 0; i < other_count; i++) {
        uint64_t gap = bytes_varint(&others), count = bytes_varint(&others);
        double value = double_of(bytes_u64(&others));
        if (gap > n - at || count > n - at - gap)
            return false;
        for (at += gap; count; count--)
            v[at++] = value;
    }
    return true;
}

bool column_doubles_unpack(struct bytes_in *in, double *v, size_t n)
{
    if (n == 0 || n > COLUMN_MAX)
        return false;
    unsigned head = bytes_u8(in);
    if (head == KIND_XOR)
        return get_xors(in, v, n);
    if (head == KIND_PLAIN)
        return get_plain(in, v, n);
    return (head & KIND_XOR) == 0 && get_decimals(in, head, v, n);
}

void column_double_put(double v, struct buf *out)
{
    for (unsigned places = 0; places <= PLACES_MAX && !isnan(v); places++) {
        int64_t scaled;
        if (as_decimal(v, places, &scaled)) {
            buf_add_char(out, (char)places);
            put_varint(out, zigzag(scaled));
            return;
        }
    }
    buf_add_char(out, (char)KIND_XOR);
    put_u64(out, bits_of(v));
}

double column_double_get(struct bytes_in *in)
{
    unsigned places = bytes_u8(in);
    if (places == KIND_XOR)
        return double_of(bytes_u64(in));
    if (places > PLACES_MAX) {
        in->failed = true;
        return 0;
    }
    return (double)unzigzag(bytes_varint(in)) / powers[places];
}
