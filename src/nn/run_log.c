// The record of a training run, in MLflow's file layout.
#include "nn/run_log.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"

enum { METRICS_MAX = 1 << 28 }; // bytes of a metric's file

struct run_log {
    char dir[PATH_MAX - 256]; // room for what stands behind it
    char id[RUN_ID_BYTES];
    char name[RUN_NAME_MAX + 1];
    int64_t started_us;
};

static enum err_code write_text(const char *path, const struct buf *text, struct err *err)
{
    if (text->failed)
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", path);
    return file_replace(path, text->p, text->n, err);
}

// Text between single quotes, as YAML wants it.
static void add_quoted(struct buf *b, const char *text)
{
    buf_add_char(b, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            buf_add_char(b, '\'');
        buf_add_char(b, (unsigned char)*text < ' ' ? ' ' : *text);
    }
    buf_add_z(b, "'\n");
}

// A file URI of an absolute path, as MLflow writes them.
static void add_uri(struct buf *b, const char *path)
{
    buf_add_z(b, "'file://");
    for (; *path; path++) {
        bool plain = (*path >= 'a' && *path <= 'z') || (*path >= 'A' && *path <= 'Z') ||
                     (*path >= '0' && *path <= '9') || strchr("/-_.~", *path);
        if (plain)
            buf_add_char(b, *path);
        else
            buf_printf(b, "%%%02X", (unsigned)(unsigned char)*path);
    }
    buf_add_z(b, "'\n");
}

// The one experiment that all runs of a root belong to.
static enum err_code write_experiment(const struct run_log *r, struct err *err)
{
    char path[PATH_MAX];
    int folder = (int)(strrchr(r->dir, '/') - r->dir);
    snprintf(path, sizeof path, "%.*s/meta.yaml", folder, r->dir);
    if (file_exists(path))
        return ERR_OK;
    struct buf b = {0};
    buf_add_z(&b, "artifact_location: ");
    snprintf(path, sizeof path, "%.*s", folder, r->dir);
    add_uri(&b, path);
    buf_printf(&b,
               "creation_time: %lld\nexperiment_id: '0'\nlast_update_time: %lld\n"
               "lifecycle_stage: active\nname: fettle\n",
               (long long)(clock_wall_us() / 1000), (long long)(clock_wall_us() / 1000));
    snprintf(path, sizeof path, "%.*s/meta.yaml", folder, r->dir);
    enum err_code code = write_text(path, &b, err);
    buf_free(&b);
    return code;
}

static enum err_code write_meta(const struct run_log *r, enum run_status status, struct err *err)
{
    char path[PATH_MAX];
    struct buf b = {0};
    buf_add_z(&b, "artifact_uri: ");
    snprintf(path, sizeof path, "%s/artifacts", r->dir);
    add_uri(&b, path);
    if (status == RUN_RUNNING)
        buf_add_z(&b, "end_time: null\n");
    else
        buf_printf(&b, "end_time: %lld\n", (long long)(clock_wall_us() / 1000));
    buf_printf(&b,
               "entry_point_name: ''\nexperiment_id: '0'\nlifecycle_stage: active\n"
               "run_id: '%s'\nrun_name: ", // an id of digits alone would be a number
               r->id);
    add_quoted(&b, r->name);
    buf_printf(&b,
               "run_uuid: '%s'\nsource_name: ''\nsource_type: 4\nsource_version: ''\n"
               "start_time: %lld\nstatus: %d\ntags: []\nuser_id: fettle\n",
               r->id, (long long)(r->started_us / 1000), (int)status);
    snprintf(path, sizeof path, "%s/meta.yaml", r->dir);
    enum err_code code = write_text(path, &b, err);
    buf_free(&b);
    return code;
}

static enum err_code make_id(char id[RUN_ID_BYTES], struct err *err)
{
    unsigned char bytes[(RUN_ID_BYTES - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return err_errno(err, errno, "a random name for the run");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(id + 2 * i, 3, "%02x", bytes[i]);
    return ERR_OK;
}

static enum err_code place(struct run_log *r, const char *root, struct err *err)
{
    char full[PATH_MAX];
    if (!realpath(root, full))
        return err_errno(err, errno, "%s", root);
    int n = snprintf(r->dir, sizeof r->dir, "%s/0/%s", full, r->id);
    if (n < 0 || (size_t)n >= sizeof r->dir)
        return err_set(err, ERR_USAGE, "%s: the path is too long", root);
    return ERR_OK;
}

enum err_code run_log_open(const char *root, const char *name, struct run_log **out,
                           struct err *err)
{
    static const char *const folders[] = {"metrics", "params", "tags", "artifacts"};
    struct run_log *r = *out = calloc(1, sizeof *r);
    if (!r)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    r->started_us = clock_wall_us();
    snprintf(r->name, sizeof r->name, "%s", name);
    enum err_code code = make_id(r->id, err);
    if (!code)
        code = file_make_dirs(root, err);
    if (!code)
        code = place(r, root, err);
    for (size_t i = 0; i < sizeof folders / sizeof *folders && !code; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", r->dir, folders[i]);
        code = file_make_dirs(path, err);
    }
    if (!code)
        code = write_experiment(r, err);
    if (!code)
        code = write_meta(r, RUN_RUNNING, err);
    if (!code)
        code = run_log_tag(r, "mlflow.runName", r->name, err);
    if (code) {
        free(r);
        *out = NULL;
    }
    return code;
}

// Keeps the lines of one metric up to `step`.
static enum err_code cut_metric(const char *path, uint64_t step, struct err *err)
{
    struct buf b = {0};
    enum err_code code = file_read(path, METRICS_MAX, &b, err);
    struct str rest = buf_str(&b);
    size_t kept = 0;
    while (!code && rest.n) {
        struct str line = str_cut(&rest, '\n'), fields = line;
        uint64_t at;
        str_cut(&fields, ' ');
        str_cut(&fields, ' ');
        if (!rest.p || !str_to_u64(fields, &at) || at > step)
            break; // a line without its end was being written
        kept = (size_t)(line.p + line.n + 1 - b.p);
    }
    if (!code && kept == 0 && remove(path) != 0) // MLflow takes an empty one for damage
        code = err_errno(err, errno, "%s", path);
    if (!code && kept > 0 && kept < b.n)
        code = file_replace(path, b.p, kept, err);
    buf_free(&b);
    return code;
}

static enum err_code cut_metrics(const struct run_log *r, uint64_t step, struct err *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/metrics", r->dir);
    DIR *d = opendir(path);
    if (!d)
        return err_errno(err, errno, "%s", path);
    enum err_code code = ERR_OK;
    for (struct dirent *e; !code && (e = readdir(d));) {
        if (e->d_name[0] == '.' || strstr(e->d_name, ".tmp-") || strlen(e->d_name) > RUN_NAME_MAX)
            continue;
        snprintf(path, sizeof path, "%s/metrics/%.*s", r->dir, RUN_NAME_MAX, e->d_name);
        code = cut_metric(path, step, err);
    }
    closedir(d);
    return code;
}

// Name and start from meta.yaml as it was written here.
static enum err_code read_meta(struct run_log *r, struct err *err)
{
    char path[PATH_MAX];
    struct buf b = {0};
    snprintf(path, sizeof path, "%s/meta.yaml", r->dir);
    enum err_code code = file_read(path, 1 << 16, &b, err);
    struct str rest = buf_str(&b);
    while (!code && rest.n) {
        struct str value = str_cut(&rest, '\n'), key = str_cut(&value, ':');
        uint64_t ms;
        value = str_trim(value);
        if (str_is(key, "start_time") && str_to_u64(value, &ms))
            r->started_us = (int64_t)ms * 1000;
        if (str_is(key, "run_name") && value.n >= 2)
            str_copy(r->name, sizeof r->name, (struct str){value.p + 1, value.n - 2});
    }
    buf_free(&b);
    return code;
}

enum err_code run_log_resume(const char *root, const char *id, uint64_t step, struct run_log **out,
                             struct err *err)
{
    struct run_log *r = *out = calloc(1, sizeof *r);
    if (!r)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    snprintf(r->id, sizeof r->id, "%s", id);
    enum err_code code = place(r, root, err);
    if (!code)
        code = read_meta(r, err);
    if (!code)
        code = cut_metrics(r, step, err);
    if (!code)
        code = write_meta(r, RUN_RUNNING, err);
    if (code) {
        free(r);
        *out = NULL;
    }
    return code;
}

const char *run_log_id(const struct run_log *r)
{
    return r->id;
}

const char *run_log_dir(const struct run_log *r)
{
    return r->dir;
}

static enum err_code write_value(const struct run_log *r, const char *folder, const char *name,
                                 const char *value, struct err *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s/%.*s", r->dir, folder, RUN_NAME_MAX, name);
    return file_replace(path, value, strlen(value), err);
}

enum err_code run_log_param(struct run_log *r, const char *name, const char *value, struct err *err)
{
    return write_value(r, "params", name, value, err);
}

enum err_code run_log_tag(struct run_log *r, const char *name, const char *value, struct err *err)
{
    return write_value(r, "tags", name, value, err);
}

enum err_code run_log_metric(struct run_log *r, const char *name, double value, uint64_t step,
                             struct err *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/metrics/%.*s", r->dir, RUN_NAME_MAX, name);
    struct buf b = {0};
    buf_printf(&b, "%lld ", (long long)(clock_wall_us() / 1000));
    buf_add_double(&b, value);
    buf_printf(&b, " %llu\n", (unsigned long long)step);
    FILE *f = fopen(path, "ae");
    bool good = f && !b.failed && fwrite(b.p, 1, b.n, f) == b.n;
    int why = errno;
    buf_free(&b);
    if (f && fclose(f) != 0 && good) {
        good = false;
        why = errno;
    }
    return good ? ERR_OK : err_errno(err, why, "%s", path);
}

enum err_code run_log_close(struct run_log **run, enum run_status status, struct err *err)
{
    struct run_log *r = *run;
    if (!r)
        return ERR_OK;
    enum err_code code = write_meta(r, status, err);
    free(r);
    *run = NULL;
    return code;
}
