// What loading language models and listing them share.
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

#endif
