// Which adapter a completion wants: by the model's name, or by llama.cpp's member "lora".
#include <math.h>

#include "server/openai_request.h"

// Adapters are scaled when they are loaded, so that a request turns one on or off.
static bool turns_on(struct exchange *x, const struct serving *s, const struct json_node *item,
                     uint32_t *number, bool *on)
{
    const struct json_node *id = json_get(item, "id"), *scale = json_get(item, "scale");
    size_t count = serving_adapters(s);
    if (!id || id->type != JSON_NUMBER || id->number != floor(id->number) || id->number < 0 ||
        id->number >= (double)count)
        return openai_wrong(x, "lora", "objects whose id is that of one of %zu adapters expected",
                            count);
    *number = (uint32_t)id->number + 1;
    double loaded = serving_adapter_scale(s, *number);
    if (!scale || scale->type != JSON_NUMBER ||
        (scale->number != 0 && fabs(scale->number - loaded) > 1e-6 * fabs(loaded)))
        return openai_wrong(x, "lora", "the scale of adapter %u is %g, or 0 for without it",
                            *number - 1, loaded);
    *on = scale->number != 0;
    return true;
}

bool openai_choose_adapter(struct exchange *x, const struct serving *s, struct openai_request *r)
{
    const struct json_node *list = openai_member(r->root, "lora");
    if (!list)
        return true;
    if (list->type != JSON_ARRAY)
        return openai_wrong(x, "lora", "a list of objects with id and scale expected");
    uint32_t chosen = 0;
    for (const struct json_node *item = list->first; item; item = item->next) {
        uint32_t number = 0;
        bool on = false;
        if (!turns_on(x, s, item, &number, &on))
            return false;
        if (on && chosen && chosen != number)
            return openai_wrong(x, "lora", "one adapter at a time can be used");
        chosen = on ? number : chosen;
    }
    if (r->serving.adapter && r->serving.adapter != chosen)
        return openai_wrong(x, "lora", "the model's name chooses another adapter");
    r->serving.adapter = chosen;
    return true;
}
