// A table of where each state goes by each class of bytes, for grammars that are not too large.
#include "llm/grammar/step_table.h"

#include <stdlib.h>

enum { TABLE_ENTRIES_MAX = 1 << 22 };

// Bytes that no edge tells apart are of one class.
static uint32_t classify_bytes(struct grammar *g)
{
    bool begins[257] = {true};
    for (uint32_t i = 0; i < g->state_count; i++)
        for (uint32_t k = 0; k < g->states[i].edges; k++) {
            const struct grammar_edge *e = &g->edges[g->states[i].edge + k];
            begins[e->first] = begins[e->last + 1] = true;
        }
    uint32_t count = 0;
    for (int b = 0; b < 256; b++) {
        count += begins[b];
        g->byte_class[b] = (uint8_t)(count - 1);
    }
    return count;
}

bool step_table_make(struct grammar *g)
{
    g->class_count = classify_bytes(g);
    if ((uint64_t)g->state_count * g->class_count > TABLE_ENTRIES_MAX)
        return true;
    g->table = calloc((size_t)g->state_count * g->class_count + 1, sizeof *g->table);
    if (!g->table)
        return false;
    for (uint32_t i = 0; i < g->state_count; i++)
        for (uint32_t k = 0; k < g->states[i].edges; k++) {
            const struct grammar_edge *e = &g->edges[g->states[i].edge + k];
            for (uint32_t c = g->byte_class[e->first]; c <= g->byte_class[e->last]; c++)
                g->table[(size_t)i * g->class_count + c] = e->to + 1;
        }
    return true;
}
