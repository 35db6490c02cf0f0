// The registry of architectures.
#include "llm/arch.h"

static const struct arch *const archs[] = {&arch_llama, &arch_qwen2, &arch_qwen3, &arch_phi3,
                                           &arch_bert};

const struct arch *arch_at(size_t i)
{
    return i < sizeof archs / sizeof *archs ? archs[i] : NULL;
}

const struct arch *arch_by_name(struct str name)
{
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++)
        if (str_is(name, archs[i]->name))
            return archs[i];
    return NULL;
}
