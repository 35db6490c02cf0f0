// Does something with each of many files, on all cores, with a progress bar.
#ifndef FETTLE_EVAL_EACH_H
#define FETTLE_EVAL_EACH_H

#include <stddef.h>

#include "base/err.h"

// Calls job(arg, i) once for every i below `count`, in several threads at once, in no set order:
// a job touches only what belongs to its i.
enum err_code eval_each(size_t count, const char *label, void (*job)(void *arg, size_t i),
                        void *arg, struct err *err);

#endif
