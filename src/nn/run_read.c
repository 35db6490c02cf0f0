// Records of runs, read from MLflow's file layout.
#include "nn/run_read.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"

enum { FILE_MAX = 1 << 28 };

// A path too long is cut, and then not found.
static void __attribute__((format(printf, 2, 3)))
name_path(char path[PATH_MAX], const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(path, PATH_MAX, fmt, ap);
    va_end(ap);
}

struct names {
    const char **p;
    size_t n;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// The names in a folder, sorted; hidden and half-written files are left out.
static enum err_code list_folder(const char *path, struct arena *arena, struct names *out,
                                 struct err *err)
{
    *out = (struct names){arena_new(arena, RUN_VALUES_MAX, sizeof *out->p), 0};
    if (!out->p)
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", path);
    DIR *d = opendir(path);
    if (!d)
        return errno == ENOENT ? ERR_OK : err_errno(err, errno, "%s", path);
    enum err_code code = ERR_OK;
    for (struct dirent *e; !code && (e = readdir(d));) {
        if (e->d_name[0] == '.' || strstr(e->d_name, ".tmp-"))
            continue;
        if (out->n == RUN_VALUES_MAX)
            code = err_set(err, ERR_LIMIT, "%s: more than %d entries", path, RUN_VALUES_MAX);
        else if (!(out->p[out->n++] = arena_copy(arena, str_of(e->d_name))))
            code = err_set(err, ERR_NO_MEMORY, "%s: out of memory", path);
    }
    closedir(d);
    if (!code)
        qsort(out->p, out->n, sizeof *out->p, by_text);
    return code;
}

// Without YAML's single quotes.
static struct str unquoted(struct str s)
{
    bool quoted = s.n >= 2 && s.p[0] == '\'' && s.p[s.n - 1] == '\'';
    return quoted ? (struct str){s.p + 1, s.n - 2} : s;
}

static enum err_code read_meta(const char *dir, struct arena *arena, struct run *r, struct err *err)
{
    char path[PATH_MAX];
    struct buf b = {0};
    name_path(path, "%s/meta.yaml", dir);
    enum err_code code = file_read(path, 1 << 16, &b, err);
    struct str rest = buf_str(&b);
    r->name = "";
    r->status = RUN_RUNNING;
    r->end_us = TIME_NONE;
    while (!code && rest.n) {
        struct str value = str_cut(&rest, '\n'), key = str_cut(&value, ':');
        uint64_t number = 0;
        value = unquoted(str_trim(value));
        bool numeric = str_to_u64(value, &number);
        if (str_is(key, "run_name"))
            r->name = arena_copy(arena, value);
        else if (str_is(key, "status") && numeric)
            r->status = (enum run_status)number;
        else if (str_is(key, "start_time") && numeric)
            r->start_us = (int64_t)number * 1000;
        else if (str_is(key, "end_time") && numeric)
            r->end_us = (int64_t)number * 1000;
    }
    buf_free(&b);
    if (!code && !r->name)
        code = err_set(err, ERR_NO_MEMORY, "%s: out of memory", path);
    return code;
}

// Files with one value each: params, or tags.
static enum err_code read_values(const char *dir, const char *folder, struct arena *arena,
                                 const struct run_param **out, size_t *count, struct err *err)
{
    char path[PATH_MAX];
    struct names names;
    name_path(path, "%s/%s", dir, folder);
    enum err_code code = list_folder(path, arena, &names, err);
    struct run_param *values = code ? NULL : arena_new(arena, names.n + 1, sizeof *values);
    if (!code && !values)
        code = err_set(err, ERR_NO_MEMORY, "%s: out of memory", path);
    for (size_t i = 0; i < names.n && !code; i++) {
        struct buf b = {0};
        name_path(path, "%s/%s/%s", dir, folder, names.p[i]);
        code = file_read(path, 1 << 16, &b, err);
        if (!code) {
            values[i] = (struct run_param){names.p[i], arena_copy(arena, str_trim(buf_str(&b)))};
            if (!values[i].value)
                code = err_set(err, ERR_NO_MEMORY, "%s: out of memory", path);
        }
        buf_free(&b);
    }
    *out = values;
    *count = names.n;
    return code;
}

static size_t count_lines(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '\n';
    return n;
}

// Lines "time value step"; the last one may still be on its way.
static enum err_code read_metric(const char *path, struct arena *arena, struct run_metric *m,
                                 struct err *err)
{
    struct buf b = {0};
    enum err_code code = file_read(path, FILE_MAX, &b, err);
    struct str rest = buf_str(&b);
    size_t lines = count_lines(rest);
    struct run_point *points = code ? NULL : arena_new(arena, lines + 1, sizeof *points);
    if (!code && (lines > RUN_POINTS_MAX || !points))
        code = err_set(err, ERR_LIMIT, "%s: %zu points are too many", path, lines);
    for (size_t i = 0; i < lines && !code; i++) {
        struct str line = str_cut(&rest, '\n');
        str_cut(&line, ' ');
        struct str value = str_cut(&line, ' ');
        if (!str_to_reading(value, &points[i].value) || !str_to_u64(line, &points[i].step))
            code =
                err_set(err, ERR_INPUT, "%s: line %zu: time, value and step expected", path, i + 1);
    }
    m->points = points;
    m->count = lines;
    buf_free(&b);
    return code;
}

static enum err_code read_metrics(const char *dir, struct arena *arena, struct run *r,
                                  struct err *err)
{
    char path[PATH_MAX];
    struct names names;
    name_path(path, "%s/metrics", dir);
    enum err_code code = list_folder(path, arena, &names, err);
    struct run_metric *metrics = code ? NULL : arena_new(arena, names.n + 1, sizeof *metrics);
    if (!code && !metrics)
        code = err_set(err, ERR_NO_MEMORY, "%s: out of memory", path);
    for (size_t i = 0; i < names.n && !code; i++) {
        name_path(path, "%s/metrics/%s", dir, names.p[i]);
        metrics[i].name = names.p[i];
        code = read_metric(path, arena, &metrics[i], err);
    }
    r->metrics = metrics;
    r->metric_count = names.n;
    return code;
}

static int newest_first(const void *a, const void *b)
{
    const struct run *x = a, *y = b;
    return x->start_us != y->start_us ? (x->start_us < y->start_us ? 1 : -1) : strcmp(x->id, y->id);
}

enum err_code run_read_all(const char *root, struct arena *arena, const struct run **out,
                           size_t *count, struct err *err)
{
    char path[PATH_MAX];
    struct names names;
    *count = 0;
    name_path(path, "%s/0", root);
    enum err_code code = list_folder(path, arena, &names, err);
    struct run *runs = code ? NULL : arena_new(arena, names.n + 1, sizeof *runs);
    if (!code && !runs)
        code = err_set(err, ERR_NO_MEMORY, "%s: out of memory", path);
    for (size_t i = 0; i < names.n && !code; i++) {
        if (strlen(names.p[i]) != RUN_ID_BYTES - 1)
            continue; // the experiment's own files
        struct run *r = &runs[(*count)++];
        r->id = names.p[i];
        name_path(path, "%s/0/%s", root, names.p[i]);
        code = read_meta(path, arena, r, err);
        if (code == ERR_NOT_FOUND) { // the process was killed while it made the folder
            code = ERR_OK;
            (*count)--;
            continue;
        }
        if (!code &&
            !(code = read_values(path, "params", arena, &r->params, &r->param_count, err)) &&
            !(code = read_values(path, "tags", arena, &r->tags, &r->tag_count, err)))
            code = read_metrics(path, arena, r, err);
    }
    if (!code)
        qsort(runs, *count, sizeof *runs, newest_first);
    *out = runs;
    return code;
}

enum err_code run_find(const struct run *runs, size_t count, const char *prefix,
                       const struct run **out, struct err *err)
{
    *out = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strncmp(runs[i].id, prefix, strlen(prefix)) != 0)
            continue;
        if (*out)
            return err_set(err, ERR_USAGE, "several runs begin with '%s'", prefix);
        *out = &runs[i];
    }
    return *out ? ERR_OK : err_set(err, ERR_NOT_FOUND, "no run begins with '%s'", prefix);
}

const struct run_metric *run_metric_find(const struct run *r, const char *name)
{
    for (size_t i = 0; i < r->metric_count; i++)
        if (strcmp(r->metrics[i].name, name) == 0)
            return &r->metrics[i];
    return NULL;
}

static const char *find_value(const struct run_param *values, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(values[i].name, name) == 0)
            return values[i].value;
    return NULL;
}

const char *run_param_find(const struct run *r, const char *name)
{
    return find_value(r->params, r->param_count, name);
}

const char *run_tag_find(const struct run *r, const char *name)
{
    return find_value(r->tags, r->tag_count, name);
}

const char *run_status_name(enum run_status status)
{
    switch (status) {
    case RUN_RUNNING:
        return "running";
    case RUN_FINISHED:
        return "finished";
    case RUN_FAILED:
        return "failed";
    case RUN_KILLED:
        return "stopped";
    }
    return "unknown";
}
