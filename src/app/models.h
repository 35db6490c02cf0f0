// The language models of a running fettle: which there are, which are loaded, who holds one.
//
// Models are the *.gguf files of the folder models/ in the data folder, named by file name without
// ".gguf", the file that the setting llm.model names, and those that fettle ships, beside the
// program (model_files.h says where). All functions are safe from any thread.
#ifndef FETTLE_APP_MODELS_H
#define FETTLE_APP_MODELS_H

#include "app/app.h"
#include "llm/chat_template.h"
#include "llm/serving.h"

enum { APP_MODEL_NAME_BYTES = 128, APP_MODELS_LOADED_MAX = 4 };

struct app_model;

extern const struct setting_def app_llm_settings[];

// Loads llm.model, if there is one. A model that cannot be loaded is logged and told by the list,
// and the plant goes on without it.
enum err_code app_models_open(struct app *a, struct err *err);

// Ends every answer that is being written; no model can be held or loaded from then on.
void app_models_stop(struct app *a);

// After everyone let go.
void app_models_close(struct app *a);

// Blocks while loading. ERR_NOT_FOUND without such a file, ERR_CONFLICT when it is loaded, or when
// APP_MODELS_LOADED_MAX are; errors of the file as from serving_open.
enum err_code app_model_load(struct app *a, const char *name, struct err *err);

// Cancels its answers; the memory is given back when the last holder lets go. ERR_CONFLICT when it
// is not loaded.
enum err_code app_model_unload(struct app *a, const char *name, struct err *err);

// The model that is shipped, for summaries and diagnoses.
#define APP_MODEL_SHIPPED "fettle-nano"

// Holds the model `wanted`, a name or a GGUF file ("": the shipped one), and loads it first when it
// is not loaded, as the settings diagnose.threads and diagnose.nice say; it serves those only who
// name it then. Several may call this at once. Errors as from app_model_load and app_model_hold;
// ERR_BUSY while another model is being loaded.
enum err_code app_model_obtain(struct app *a, const char *wanted, struct app_model **out,
                               struct err *err);

// A loaded model, kept while it is held. `name` NULL or "": the one that was loaded first (but for
// app_model_obtain).
// ERR_NOT_FOUND says what is loaded.
enum err_code app_model_hold(struct app *a, const char *name, struct app_model **out,
                             struct err *err);

// As app_model_hold, also for MODEL:ADAPTER. *adapter is for serving_request; 0: none.
enum err_code app_model_hold_as(struct app *a, const char *name, struct app_model **out,
                                uint32_t *adapter, struct err *err);
void app_model_release(struct app *a, struct app_model **m);

const char *app_model_name(const struct app_model *m);
int64_t app_model_loaded_us(const struct app_model *m); // wall time
struct serving *app_model_serving(const struct app_model *m);
int64_t app_model_time_limit_us(const struct app_model *m); // of one answer

// NULL when its template is not known here; `err` says so.
const struct chat_template *app_model_chat(const struct app_model *m, struct err *err);

struct app_model_info {
    char name[APP_MODEL_NAME_BYTES];
    uint64_t file_bytes;
    bool loaded;
    char error[ERR_TEXT_BYTES]; // why loading it failed the last time; ""
    // Of a loaded one:
    int64_t loaded_us;
    char arch[32], chat[32]; // architecture; family of its template, "" for none
    uint64_t parameters;
    uint32_t context, vocabulary;
    struct serving_stats stats;
    size_t adapter_count;
    struct app_adapter_info {
        char name[ADAPTER_NAME_BYTES];
        float scale;
    } adapters[SERVING_ADAPTERS_MAX];
};

// Loaded ones first, then by name. The caller frees *list.
enum err_code app_models_list(struct app *a, struct app_model_info **list, size_t *count,
                              struct err *err);

bool app_models_active(struct app *a); // one is loaded

#endif
