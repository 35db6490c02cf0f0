// Packs columns of integers: predict, take the common factor out, Rice-code what remains.
#include "store/column.h"

enum {
    QUOTIENT_MAX = 20, // longer unary parts are written as QUOTIENT_MAX zeros and 64 plain bits
    ALL_ZERO = 63,     // in place of the Rice parameter: nothing remains to be coded
    K_MAX = 60,
    SECOND_ORDER = 64,
    HAS_FACTOR = 128,
};

// Wrapping differences: what is subtracted here is added again there, modulo 2^64.
static int64_t minus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t plus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

// The largest number that divides all differences to v[0]; 1 where a difference overflows.
static int64_t common_factor(const int64_t *v, size_t n)
{
    uint64_t factor = 0;
    for (size_t i = 1; i < n && factor != 1; i++) {
        int64_t d;
        if (__builtin_sub_overflow(v[i], v[0], &d) || d == INT64_MIN)
            return 1;
        uint64_t size = d < 0 ? (uint64_t)-d : (uint64_t)d;
        if (factor == 0 || size % factor)
            factor = gcd(factor, size);
    }
    return factor ? (int64_t)factor : 1;
}

// Bits that Rice codes of parameter k take, given how many numbers have which bit length; numbers
// of one length are counted as the middle of their range.
static uint64_t rice_bits(const uint32_t lengths[65], unsigned k)
{
    uint64_t bits = 0;
    for (unsigned len = 0; len <= 64; len++) {
        if (!lengths[len])
            continue;
        uint64_t quotient = 0;
        if (len > k)
            quotient = len - k > 6 ? QUOTIENT_MAX : (UINT64_C(3) << (len - k)) >> 2;
        bits += lengths[len] * (quotient < QUOTIENT_MAX ? quotient + 1 + k : QUOTIENT_MAX + 64);
    }
    return bits;
}

struct coding {
    const int64_t *steps; // n - 1 differences
    size_t count;
    int64_t first_step; // what the first step is compared with
    bool second_order;
    unsigned k; // ALL_ZERO when all that remains is 0
    uint64_t bits;
};

static uint64_t next_code(const struct coding *c, size_t i, int64_t *expected)
{
    uint64_t u = zigzag(minus(c->steps[i], *expected));
    if (c->second_order)
        *expected = c->steps[i];
    return u;
}

static void choose_k(struct coding *c)
{
    uint32_t lengths[65] = {0};
    int64_t expected = c->first_step;
    for (size_t i = 0; i < c->count; i++) {
        uint64_t u = next_code(c, i, &expected);
        lengths[u ? 64 - __builtin_clzll(u) : 0]++;
    }
    c->k = ALL_ZERO;
    c->bits = 0;
    if (lengths[0] == c->count)
        return;
    unsigned middle = 0;
    for (size_t seen = lengths[0]; seen * 2 < c->count; seen += lengths[middle])
        middle++;
    for (unsigned k = middle > 2 ? middle - 2 : 0; k <= middle + 1 && k <= K_MAX; k++) {
        uint64_t bits = rice_bits(lengths, k);
        if (c->k == ALL_ZERO || bits < c->bits) {
            c->k = k;
            c->bits = bits;
        }
    }
}

static void put_codes(const struct coding *c, struct buf *out)
{
    struct bits_out bits = {.to = out};
    int64_t expected = c->first_step;
    for (size_t i = 0; i < c->count; i++) {
        uint64_t u = next_code(c, i, &expected), quotient = u >> c->k;
        if (quotient < QUOTIENT_MAX) {
            bits_put(&bits, UINT64_C(1) << quotient, (unsigned)quotient + 1);
            bits_put64(&bits, u & ((UINT64_C(1) << c->k) - 1), c->k);
        } else {
            bits_put(&bits, UINT64_C(1) << QUOTIENT_MAX, QUOTIENT_MAX + 1);
            bits_put64(&bits, u, 64);
        }
    }
    bits_end(&bits);
}

void column_ints_pack(const int64_t *v, size_t n, struct buf *out)
{
    int64_t steps[COLUMN_MAX];
    int64_t factor = common_factor(v, n);
    int64_t before = 0, total = 0;
    for (size_t i = 1; i < n; i++) {
        int64_t at = factor == 1 ? minus(v[i], v[0]) : (v[i] - v[0]) / factor;
        steps[i - 1] = minus(at, before);
        before = total = at;
    }
    size_t count = n - 1;
    struct coding mean = {steps, count, count ? total / (int64_t)count : 0, false, ALL_ZERO, 0};
    struct coding last = {steps, count, count ? steps[0] : 0, true, ALL_ZERO, 0};
    choose_k(&mean);
    if (mean.k != ALL_ZERO)
        choose_k(&last);
    const struct coding *best = mean.bits <= last.bits || mean.k == ALL_ZERO ? &mean : &last;
    buf_add_char(out, (char)(best->k | (best->second_order ? SECOND_ORDER : 0) |
                             (factor != 1 ? HAS_FACTOR : 0)));
    put_varint(out, zigzag(v[0]));
    if (factor != 1)
        put_varint(out, (uint64_t)factor);
    put_varint(out, zigzag(best->first_step));
    if (best->k != ALL_ZERO)
        put_codes(best, out);
}

static uint64_t get_code(struct bits_in *bits, unsigned k)
{
    bits_fill(bits);
    // The made-up bits beyond the end are zeros, so that there may be no 1 at all.
    unsigned quotient = bits->held ? (unsigned)__builtin_ctzll(bits->held) : QUOTIENT_MAX;
    if (quotient > QUOTIENT_MAX)
        quotient = QUOTIENT_MAX;
    bits->held >>= quotient + 1;
    bits->count -= quotient + 1;
    if (quotient == QUOTIENT_MAX)
        return bits_get64(bits, 64);
    return (uint64_t)quotient << k | bits_get64(bits, k);
}

bool column_ints_unpack(struct bytes_in *in, int64_t *v, size_t n)
{
    if (n == 0 || n > COLUMN_MAX)
        return false;
    uint8_t head = bytes_u8(in);
    unsigned k = head & 63;
    bool second_order = (head & SECOND_ORDER) != 0;
    int64_t base = unzigzag(bytes_varint(in));
    uint64_t factor = head & HAS_FACTOR ? bytes_varint(in) : 1;
    int64_t expected = unzigzag(bytes_varint(in));
    if (in->failed || (k > K_MAX && k != ALL_ZERO))
        return false;
    struct bits_in bits = {.from = in};
    int64_t at = 0;
    v[0] = base;
    for (size_t i = 1; i < n; i++) {
        int64_t rest = k == ALL_ZERO ? 0 : unzigzag(get_code(&bits, k));
        int64_t step = plus(expected, rest);
        if (second_order)
            expected = step;
        at = plus(at, step);
        v[i] = plus(base, (int64_t)((uint64_t)at * factor));
    }
    bits_in_end(&bits);
    return !in->failed;
}
