// What loading language models, holding and listing them share.
#ifndef FETTLE_APP_MODELS_PRIVATE_H
#define FETTLE_APP_MODELS_PRIVATE_H

#include <pthread.h>

#include "app/app_private.h"
#include "app/models.h"

struct app_model {
    char name[APP_MODEL_NAME_BYTES];
    struct serving *serving;
    struct chat_template *chat; // NULL: see chat_error
    struct err chat_error;
    int64_t loaded_us, time_limit_us;
    uint64_t file_bytes;
    unsigned holders;
    bool aside; // only for those who name it
};

struct app_models {
    pthread_mutex_t obtain_lock; // taken before:
    pthread_mutex_t lock;
    struct app_model *loaded[APP_MODELS_LOADED_MAX]; // in the order of loading
    size_t count;
    bool loading, stopped;
    char failed[APP_MODEL_NAME_BYTES]; // the model whose loading failed last
    struct err failure;
};

// The loaded model of that name, or NULL; with t->lock taken.
struct app_model *models_find(const struct app_models *t, const char *name);

// Loads the file under that name; `aside`: for those who name it, by the settings diagnose.*.
// ERR_CONFLICT: it is loaded, or too many are; ERR_BUSY: another one is being loaded.
enum err_code models_load(struct app *a, const char *name, const char *path, bool aside,
                          struct err *err);

void models_free_one(struct app_model *m); // that nobody holds

#endif
