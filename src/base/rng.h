// Seeded random numbers: the same seed gives the same numbers on every machine.
//
// xoshiro256** (Blackman and Vigna, 2018), seeded through splitmix64.
#ifndef FETTLE_BASE_RNG_H
#define FETTLE_BASE_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t s[4];
    double spare; // the second normal deviate of the last pair
    int has_spare;
};

void rng_seed(struct rng *r, uint64_t seed);

// An independent generator derived from a seed and a stream number (one per sensor, per worker).
void rng_seed_stream(struct rng *r, uint64_t seed, uint64_t stream);

uint64_t rng_u64(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n); // 0 .. n-1 without bias; n > 0
double rng_uniform(struct rng *r);             // [0, 1), 53 bits
double rng_between(struct rng *r, double low, double high);
double rng_log_between(struct rng *r, double low, double high); // evenly in the logarithm; low > 0
bool rng_chance(struct rng *r, double p);                       // true with probability p
double rng_normal(struct rng *r);                               // mean 0, standard deviation 1
double rng_exponential(struct rng *r);                          // mean 1

#endif
