// Putting question and facts into a chat.
#include "diagnose/prompt.h"

static const char instructions[] =
    "You diagnose faults of industrial equipment for technicians. You get a question and facts: "
    "one line a sensor, with its value and unit, and whether it is below, within or above its "
    "limits.\n"
    "Answer in one to four plain sentences without lists or headings. Name the most likely cause "
    "first. Cite the values that show it, with unit and the limit that they break, exactly as "
    "they are written in the facts. Then say what to check.\n"
    "Use no number, name or time that is not in the facts or the question. If every value is "
    "within its limits and nothing else is wrong, say that there is no fault. If something that "
    "is needed is missing, ask for it and name no cause.";

bool prompt_is_trained(const struct gguf *g)
{
    struct str name;
    return gguf_string(g, "general.name", &name, NULL) == ERR_OK &&
           str_starts(name, STR_LIT("fettle-"));
}

enum err_code prompt_encode(const struct prompt *p, const struct chat_template *chat,
                            struct tokens *out, struct err *err)
{
    struct buf user = {0};
    buf_add_str(&user, p->question);
    struct str reading = str_trim(p->reading);
    if (p->question.n && reading.n)
        buf_add_z(&user, "\n\n");
    buf_add_str(&user, reading);
    struct chat_message messages[] = {
        {.role = CHAT_SYSTEM, .content = str_of(instructions)},
        {.role = CHAT_USER, .content = buf_str(&user)},
    };
    struct chat talk = {.messages = messages + p->trained,
                        .count = 2 - p->trained,
                        .answer = true,
                        .no_thinking = true,
                        .date = STR_LIT("26 Jul 2024")}; // any: the same every day
    enum err_code code = user.failed ? err_set(err, ERR_NO_MEMORY, "out of memory for the prompt")
                                     : chat_template_encode(chat, &talk, out, err);
    if (code == ERR_OK && out->failed)
        code = err_set(err, ERR_NO_MEMORY, "out of memory for the prompt");
    buf_free(&user);
    return code;
}
