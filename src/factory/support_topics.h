// What support questions are about.
#ifndef FETTLE_FACTORY_SUPPORT_TOPICS_H
#define FETTLE_FACTORY_SUPPORT_TOPICS_H

#include <stdbool.h>
#include <stddef.h>

struct support_topic {
    const char *rule;  // in support.grammar, with _q, _k, _x, _a behind it
    const char *title; // of the document
    const char *terms; // what an answer must mention, ';' between, ways to say it with '|' between
    bool held_out;
};

// Of one area follow each other: their rules begin with its name.
extern const struct support_topic support_topics[];
extern const size_t support_topic_count;

struct support_area {
    const char *name;
    const char *missing; // what must be asked for when there is nothing to go by; as `terms`
};

extern const struct support_area support_areas[];
extern const size_t support_area_count;

#endif
