// Where the files of language models are, and what a model is called.
//
// Looked up in this order: the file that llm.model names, models/ of the data folder, and where
// fettle's own models lie: ../share/fettle/models, ../models and models from the program's folder.
#ifndef FETTLE_APP_MODEL_FILES_H
#define FETTLE_APP_MODEL_FILES_H

#include "app/models.h"

enum { MODEL_PATH_BYTES = 4096 };

bool model_name_valid(const char *name);
bool model_is_path(const char *name); // has a '/' or ends in ".gguf"

// "models/fettle-nano.gguf" is called "fettle-nano".
void model_name_of_file(const char *path, char out[APP_MODEL_NAME_BYTES]);

// The file that llm.model names outside of the folders; "" for none.
void model_file_set(struct app *a, char out[MODEL_PATH_BYTES]);

// ERR_USAGE: no name of a model; ERR_NOT_FOUND.
enum err_code model_file_find(struct app *a, const char *name, char out[MODEL_PATH_BYTES],
                              struct err *err);

// The same without a plant: in models/ of the data folder (may be NULL), then among those that come
// with fettle. ERR_NOT_FOUND says where it was looked for.
enum err_code model_file_shipped(const char *data_dir, const char *name, char out[MODEL_PATH_BYTES],
                                 struct err *err);

uint64_t model_file_bytes(const char *path); // 0 if it is not there

#endif
