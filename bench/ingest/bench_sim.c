// Prints how many readings a second the simulated plant makes on one core: best of several.
#include <stdio.h>
#include <stdlib.h>

#include "ingest/sim.h"

enum { ROUNDS = 5, READINGS = 6000000 };

static int run(uint32_t assets)
{
    int64_t best = INT64_MAX;
    struct err err;
    size_t made = 0;
    struct reading *out = calloc((size_t)assets * SIM_PARAMETER_COUNT, sizeof *out);
    if (!out)
        return 1;
    for (int round = 0; round < ROUNDS; round++) {
        struct catalog *catalog = catalog_open(0);
        struct sim_config config = {.seed = 1, .assets = assets, .faults_per_hour = 1};
        struct sim *s;
        if (!catalog || sim_open(&config, catalog, &s, &err) != ERR_OK)
            return 1;
        int64_t start = clock_mono_us(), time_us;
        for (made = 0; made < READINGS;) {
            size_t n;
            if (sim_next(s, out, &n, &time_us, &err) != ERR_OK)
                return 1;
            made += n;
        }
        int64_t took = clock_mono_us() - start;
        best = took < best ? took : best;
        sim_close(&s);
        catalog_close(&catalog);
    }
    printf("%6u assets, %6u sensors: %6.1f million readings/s\n", assets,
           assets * SIM_PARAMETER_COUNT, (double)made / (double)best);
    free(out);
    return 0;
}

int main(void)
{
    return run(1) || run(10) || run(1667);
}
