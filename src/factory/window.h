// Windows that summaries are made up for: a plant, and the anomalies that touch the window.
#ifndef FETTLE_FACTORY_WINDOW_H
#define FETTLE_FACTORY_WINDOW_H

#include "diagnose/summary_facts.h"
#include "factory/plants.h"

struct made_window {
    struct made_plant plant;
    struct summary_facts facts; // ranked; of the plant's sensors
};

void window_make(struct made_window *w, bool held_out, struct rng *rng);

#endif
