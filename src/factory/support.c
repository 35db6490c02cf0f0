// Examples of DevOps support: answered from a document and cited, not in the documents, or asked
// back for what is needed.
#include <stdio.h>
#include <string.h>

#include "factory/factory_private.h"
#include "factory/pick.h"
#include "factory/support_topics.h"

enum { DOCUMENTS_MAX = 4, RULE_BYTES = 32, NAMES = 25, NAME_BYTES = 64, TITLES_BYTES = 200 };

enum form { ANSWERED, UNKNOWN, ASKS };

static const char *const form_names[] = {"answered", "unknown", "asks"};

struct work {
    enum form form;
    const struct support_topic *topic;
    const struct support_area *area;
    const struct support_topic *documents[DOCUMENTS_MAX];
    size_t document_count, cited; // cited: the place of the topic's document, from 0
    char names[NAMES][NAME_BYTES];
    struct grammar_slot slots[NAMES + 5];
    char cite[8], titles[TITLES_BYTES];
    struct buf key, advice, question; // of the example
};

// ---- names and numbers of one place ----

static void set(struct work *w, size_t *n, const char *name, struct maker *m, const char *ways)
{
    pick_way(ways, m->held_out, &m->rng, w->names[*n], NAME_BYTES);
    w->slots[*n] = (struct grammar_slot){name, w->names[*n]};
    ++*n;
}

static void set_number(struct work *w, size_t *n, const char *name, struct maker *m, int low,
                       int high)
{
    snprintf(w->names[*n], NAME_BYTES, "%d", low + (int)rng_below(&m->rng, (uint64_t)(high - low)));
    w->slots[*n] = (struct grammar_slot){name, w->names[*n]};
    ++*n;
}

// A name from two words and, sometimes, a number.
static void set_name(struct work *w, size_t *n, const char *name, struct maker *m,
                     const char *fronts, const char *backs)
{
    char front[24], back[24];
    pick_way(fronts, m->held_out, &m->rng, front, sizeof front);
    pick_way(backs, m->held_out, &m->rng, back, sizeof back);
    int number = (int)rng_below(&m->rng, 40);
    if (number < 30)
        snprintf(w->names[*n], NAME_BYTES, "%s-%s", front, back);
    else
        snprintf(w->names[*n], NAME_BYTES, "%s-%s-%d", front, back, number - 29);
    w->slots[*n] = (struct grammar_slot){name, w->names[*n]};
    ++*n;
}

static void make_names(struct work *w, struct maker *m)
{
    static const char words[] = "shop|meter|plant|billing|report|ingest|archive|portal|media|audit|"
                                "~ledger|~claims|~radar|~parcel";
    static const char *const services[][2] = {{"Lambda", "lambda.amazonaws.com"},
                                              {"EC2", "ec2.amazonaws.com"},
                                              {"ECS tasks", "ecs-tasks.amazonaws.com"}};
    size_t n = 0, service = (size_t)rng_below(&m->rng, 3);
    set_name(w, &n, "role", m, words, "role|reader|deployer|runner|~writer|~operator");
    set_name(w, &n, "bucket", m, words, "data|backups|logs|uploads|~exports|~images");
    set_name(w, &n, "host", m, words, "web|db|worker|bastion|~proxy|~cache");
    set_name(w, &n, "repo", m, words, "api|worker|web|jobs|~gateway|~agent");
    set_name(w, &n, "name", m, words, "api|worker|web|jobs|~gateway|~agent");
    set_name(w, &n, "pod", m, words, "api-0|worker-2|web-5c9d|jobs-7f4b|~gateway-1|~agent-9d6c");
    set(w, &n, "user", m, "ci-user|deploy|backup|terraform|~release|~audit-bot");
    set(w, &n, "action", m, "s3:PutObject|ec2:StartInstances|sqs:SendMessage|~sns:Publish");
    set(w, &n, "region", m,
        "eu-central-1|eu-west-1|us-east-1|us-west-2|ap-southeast-2|~sa-east-1|~ca-central-1");
    set(w, &n, "env", m, "staging|production|the test account|~the sandbox|~the new cluster");
    set(w, &n, "ns", m, "default|shop|monitoring|jobs|~payments|~edge");
    set(w, &n, "tag", m, "latest|v2|v1.4|stable|~v3.1|~nightly");
    set(w, &n, "secret", m, "DEPLOY_KEY|NPM_TOKEN|AWS_ROLE|~SIGNING_KEY");
    set(w, &n, "lockfile", m, "package-lock.json|poetry.lock|go.sum|~Cargo.lock");
    set(w, &n, "url", m, "/v1/orders|/v1/meters|/api/jobs|~/v2/claims|~/api/parcels");
    set_number(w, &n, "days", m, 2, 120);
    set_number(w, &n, "gib", m, 20, 900);
    set_number(w, &n, "mib", m, 128, 4096);
    set_number(w, &n, "port", m, 8000, 9000);
    set_number(w, &n, "inner", m, 3000, 6000);
    set_number(w, &n, "milli", m, 100, 4000);
    set_number(w, &n, "seconds", m, 3, 90);
    set_number(w, &n, "minutes", m, 5, 240);
    set_number(w, &n, "n2", m, 30, 6000);
    set_number(w, &n, "hours", m, 2, 72);
    w->slots[n++] = (struct grammar_slot){"service", services[service][0]};
    w->slots[n++] = (struct grammar_slot){"principal", services[service][1]};
    w->slots[n++] = (struct grammar_slot){"registry", "123456789012.dkr.ecr.amazonaws.com"};
    w->slots[n] = (struct grammar_slot){NULL, NULL};
}

// ---- documents ----

static enum err_code say(struct maker *m, struct factory_example *e, const char *topic,
                         const char *part, struct buf *to, struct err *err)
{
    const struct work *w = m->scratch;
    struct grammar_use use = maker_use(m, e, w->slots);
    char rule[RULE_BYTES];
    snprintf(rule, sizeof rule, "%s_%s", topic, part);
    return factory_grammar_say(&use, rule, to, err);
}

static const struct support_topic *pick_topic(struct maker *m)
{
    for (;;) {
        const struct support_topic *t = &support_topics[rng_below(&m->rng, support_topic_count)];
        if (t->held_out == m->held_out)
            return t;
    }
}

static bool has_document(const struct work *w, const struct support_topic *t)
{
    for (size_t i = 0; i < w->document_count; i++)
        if (w->documents[i] == t)
            return true;
    return t == w->topic;
}

// The documents that are found: the topic's own, unless it is unknown, among others.
static void pick_documents(struct work *w, struct maker *m)
{
    size_t count = 1 + (size_t)rng_below(&m->rng, DOCUMENTS_MAX - 1);
    w->document_count = 0;
    w->cited = w->form == ANSWERED ? (size_t)rng_below(&m->rng, count) : DOCUMENTS_MAX;
    while (w->document_count < count) {
        const struct support_topic *t = w->document_count == w->cited ? w->topic : pick_topic(m);
        if (w->document_count == w->cited || !has_document(w, t))
            w->documents[w->document_count++] = t;
    }
}

static enum err_code write_document(struct maker *m, struct factory_example *e, size_t i,
                                    struct err *err)
{
    struct work *w = m->scratch;
    const struct support_topic *t = w->documents[i];
    bool first = rng_below(&m->rng, 2);
    struct buf key = {0}, extra = {0};
    enum err_code code = say(m, e, t->rule, "k", &key, err);
    if (code == ERR_OK)
        code = say(m, e, t->rule, "x", &extra, err);
    if (code == ERR_OK && !key.failed && !extra.failed)
        buf_printf(&e->input, "%s[%zu] %s\n%s %s\n", i ? "\n" : "", i + 1, t->title,
                   first ? key.p : extra.p, first ? extra.p : key.p);
    if (code == ERR_OK && i == w->cited)
        buf_add_str(&w->key, buf_str(&key));
    buf_free(&key);
    buf_free(&extra);
    return code;
}

static void list_titles(struct work *w)
{
    size_t n = 0;
    w->titles[0] = '\0';
    for (size_t i = 0; i < w->document_count && n < TITLES_BYTES; i++) {
        const char *gap = i == 0 ? "" : i + 1 == w->document_count ? " and " : ", ";
        n += (size_t)snprintf(w->titles + n, TITLES_BYTES - n, "%s%s [%zu]", gap,
                              w->documents[i]->title, i + 1);
    }
}

// ---- the example ----

static void add_terms(struct json_out *j, const char *name, const char *terms)
{
    json_key(j, name);
    json_array(j);
    for (struct str rest = str_of(terms); rest.p && rest.n;)
        json_str(j, str_cut(&rest, ';'));
    json_end(j);
}

static void write_truth(const struct work *w, struct factory_example *e)
{
    struct json_out j;
    json_open(&j, &e->truth);
    json_object(&j);
    json_key_text(&j, "task", "support");
    json_key_text(&j, "state", form_names[w->form]);
    json_key_text(&j, "cite", w->form == ANSWERED ? w->cite : "");
    add_terms(&j, "terms", w->form == ANSWERED ? w->topic->terms : "");
    add_terms(&j, "missing", w->form == ASKS ? w->area->missing : "");
    json_key_text(&j, "family", w->form == ASKS ? "" : w->topic->rule);
    json_key(&j, "phrasings");
    json_str(&j, str_trim(buf_str(&e->phrasings)));
    json_end(&j);
    e->family = w->form == ASKS ? NULL : w->topic->rule;
    e->state = form_names[w->form];
}

static enum err_code ask_back(struct maker *m, struct factory_example *e, struct err *err)
{
    struct work *w = m->scratch;
    enum err_code code = say(m, e, w->area->name, "vague", &w->question, err);
    return code == ERR_OK ? say(m, e, w->area->name, "ask", &e->output, err) : code;
}

static enum err_code answer(struct maker *m, struct factory_example *e, struct err *err)
{
    struct work *w = m->scratch;
    enum err_code code = say(m, e, w->topic->rule, "q", &w->question, err);
    pick_documents(w, m);
    for (size_t i = 0; code == ERR_OK && i < w->document_count; i++)
        code = write_document(m, e, i, err);
    list_titles(w);
    if (code == ERR_OK)
        code = say(m, e, w->topic->rule, "a", &w->advice, err);
    snprintf(w->cite, sizeof w->cite, "[%zu]", w->cited + 1);
    const struct grammar_slot slots[] = {{"advice", w->advice.p},
                                         {"key", w->key.n ? w->key.p : ""},
                                         {"cite", w->cite},
                                         {"titles", w->titles},
                                         {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    return code == ERR_OK ? factory_grammar_say(&use, w->form == ANSWERED ? "answer" : "unknown",
                                                &e->output, err)
                          : code;
}

// The question, with or without where it comes from.
static enum err_code greet(struct maker *m, struct factory_example *e, struct err *err)
{
    struct work *w = m->scratch;
    const char *env = "";
    for (const struct grammar_slot *s = w->slots; s->name; s++)
        if (strcmp(s->name, "env") == 0)
            env = s->value;
    const struct grammar_slot slots[] = {{"question", w->question.p}, {"env", env}, {NULL, NULL}};
    struct grammar_use use = maker_use(m, e, slots);
    return factory_grammar_say(&use, "greeting", &e->instruction, err);
}

static enum err_code make(struct maker *m, struct factory_example *e, bool *kept, struct err *err)
{
    struct work *w = m->scratch;
    uint64_t form = rng_below(&m->rng, 100);
    w->form = form < 65 ? ANSWERED : form < 82 ? UNKNOWN : ASKS;
    w->topic = pick_topic(m);
    w->area = &support_areas[rng_below(&m->rng, support_area_count)];
    buf_reset(&w->key);
    buf_reset(&w->advice);
    buf_reset(&w->question);
    make_names(w, m);
    enum err_code code = w->form == ASKS ? ask_back(m, e, err) : answer(m, e, err);
    if (code == ERR_OK)
        code = greet(m, e, err);
    write_truth(w, e);
    *kept = true;
    return code;
}

static void clear(void *scratch)
{
    struct work *w = scratch;
    buf_free(&w->key);
    buf_free(&w->advice);
    buf_free(&w->question);
}

const struct task task_support = {
    .name = {"support", "questions about cloud and containers, with documents or without"},
    .grammar = factory_support_grammar,
    .scratch_bytes = sizeof(struct work),
    .make = make,
    .clear = clear,
};
