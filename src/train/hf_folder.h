// A Hugging Face folder: JSON files, and weights in one safetensors file or several.
//
// Everything it gives lives as long as it. Reading is thread-safe once it is open.
#ifndef FETTLE_TRAIN_HF_FOLDER_H
#define FETTLE_TRAIN_HF_FOLDER_H

#include <stdbool.h>

#include "base/json_doc.h"
#include "llm/safetensors.h"

struct hf_folder;

// Opens `path` and maps its weights: STEM.safetensors, or the files that
// STEM.safetensors.index.json names. ERR_NOT_FOUND names what is missing, ERR_INPUT what is wrong
// with which file.
enum err_code hf_folder_open(const char *path, const char *stem, struct hf_folder **out,
                             struct err *err);
void hf_folder_close(struct hf_folder **f);

const char *hf_folder_path(const struct hf_folder *f);
bool hf_folder_has(const struct hf_folder *f, const char *file);

// Reads a JSON file of at most 16 MiB; *out is NULL when a file that is not `needed` is not there.
enum err_code hf_folder_json(const struct hf_folder *f, const char *file, bool needed,
                             const struct json_node **out, struct err *err);

// Appends a file's bytes.
enum err_code hf_folder_read(const struct hf_folder *f, const char *file, struct buf *out,
                             struct err *err);

// The tensors of all files, numbered through. *file is the safetensors file's path.
size_t hf_folder_count(const struct hf_folder *f);
const struct safetensors_tensor *hf_folder_at(const struct hf_folder *f, size_t i,
                                              const char **file);
const struct safetensors_tensor *hf_folder_find(const struct hf_folder *f, const char *name,
                                                const char **file);

#endif
