// The simulated plant as files.
#include "ingest/sim_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

enum {
    PATH_BYTES = 4096,
    BUFFERS_BYTES = 64 << 20, // of all files together
    BUFFER_MIN = 4096,
    BUFFER_MAX = 1 << 20,
    PROGRESS_EVERY = 4096,
};

// A file that is appended to now and then: there may be more of them than descriptors.
struct out_file {
    struct buf waiting;
    bool made;
};

struct writer {
    const struct sim_files_options *options;
    struct sim *sim;
    struct catalog *catalog;
    struct out_file *files;
    size_t file_count, buffer_bytes;
    struct sim_files_result *result;
    struct err *err;
};

static const char *path_of(const struct writer *w, size_t file, char out[PATH_BYTES])
{
    if (w->options->long_format)
        snprintf(out, PATH_BYTES, "%s/plant.csv", w->options->dir);
    else
        snprintf(out, PATH_BYTES, "%s/wtf-pipe-%zu.csv", w->options->dir, file + 1);
    return out;
}

static enum err_code append(struct writer *w, size_t file)
{
    struct out_file *f = &w->files[file];
    char path[PATH_BYTES];
    path_of(w, file, path);
    if (f->waiting.failed)
        return err_set(w->err, ERR_NO_MEMORY, "%s: out of memory", path);
    int fd = open(path, O_WRONLY | O_CLOEXEC | (f->made ? O_APPEND : O_CREAT | O_EXCL), 0666);
    if (fd < 0 && errno == EEXIST)
        return err_set(w->err, ERR_CONFLICT, "%s is there already; choose another folder", path);
    if (fd < 0)
        return err_errno(w->err, errno, "%s", path);
    w->result->files += !f->made;
    f->made = true;
    enum err_code code = file_write_all(fd, f->waiting.p, f->waiting.n, w->err);
    if (code != ERR_OK)
        err_prefix(w->err, "%s", path);
    if (close(fd) != 0 && code == ERR_OK)
        code = err_errno(w->err, errno, "%s", path);
    buf_reset(&f->waiting);
    return code;
}

static enum err_code write_headers(struct writer *w)
{
    for (size_t i = 0; i < w->file_count; i++) {
        struct buf *b = &w->files[i].waiting;
        buf_add_z(b, "time");
        if (w->options->long_format)
            buf_add_z(b, ",asset,parameter,value,unit");
        for (int p = 0; p < SIM_PARAMETER_COUNT && !w->options->long_format; p++)
            buf_printf(b, ",%s", sim_parameter_name((enum sim_parameter)p));
        buf_add_char(b, '\n');
        // Making all files first finds those that are there before anything is simulated.
        enum err_code code = append(w, i);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

static void add_long(struct buf *b, const char *time, const struct sensor *s, double v)
{
    buf_printf(b, "%s,%s,%s,", time, s->asset_name, s->parameter);
    buf_add_double(b, v);
    buf_printf(b, ",%s\n", s->unit);
}

// The instant's readings of one asset, which stand at the front of `r`, as a row. Returns how many.
static size_t add_wide(struct buf *b, const char *time, const struct reading *r, size_t count)
{
    size_t n = 0;
    uint32_t asset = r->sensor / SIM_PARAMETER_COUNT;
    buf_add_z(b, time);
    for (uint32_t p = 0; p < SIM_PARAMETER_COUNT; p++) {
        buf_add_char(b, ',');
        if (n < count && r[n].sensor == asset * SIM_PARAMETER_COUNT + p)
            buf_add_double(b, r[n++].value);
    }
    buf_add_char(b, '\n');
    return n;
}

static enum err_code write_instant(struct writer *w, const struct reading *r, size_t count,
                                   int64_t time_us)
{
    char time[TIME_TEXT_BYTES];
    time_to_text(time_us, time);
    w->result->readings += count;
    while (count) {
        size_t file = w->options->long_format ? 0 : r->sensor / SIM_PARAMETER_COUNT, n = 1;
        struct buf *b = &w->files[file].waiting;
        if (w->options->long_format)
            add_long(b, time, catalog_sensor(w->catalog, r->sensor), r->value);
        else
            n = add_wide(b, time, r, count);
        r += n;
        count -= n;
        enum err_code code = b->n < w->buffer_bytes && !b->failed ? ERR_OK : append(w, file);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

static enum err_code write_truth(struct writer *w)
{
    struct buf json = {0};
    char path[PATH_BYTES];
    size_t faults;
    snprintf(path, sizeof path, "%s/truth.json", w->options->dir);
    sim_truth(w->sim, &faults);
    w->result->faults = faults;
    sim_truth_json(w->sim, &json);
    buf_add_char(&json, '\n');
    enum err_code code = json.failed ? err_set(w->err, ERR_NO_MEMORY, "%s: out of memory", path)
                                     : file_replace(path, json.p, json.n, w->err);
    w->result->files += code == ERR_OK;
    buf_free(&json);
    return code;
}

static enum err_code write_all(struct writer *w, uint64_t ticks)
{
    const struct sim_files_options *o = w->options;
    struct reading *r = calloc(sim_sensor_count(w->sim), sizeof *r);
    enum err_code code =
        r ? write_headers(w) : err_set(w->err, ERR_NO_MEMORY, "out of memory for an instant");
    for (uint64_t i = 0; i < ticks && code == ERR_OK; i++) {
        size_t n;
        int64_t time_us;
        code = sim_next(w->sim, r, &n, &time_us, w->err);
        if (code == ERR_OK)
            code = write_instant(w, r, n, time_us);
        if (code == ERR_OK && o->progress && i % PROGRESS_EVERY == 0 &&
            !o->progress(o->progress_arg, i, ticks))
            code = err_set(w->err, ERR_CANCELLED, "cancelled");
    }
    for (size_t i = 0; i < w->file_count && code == ERR_OK; i++)
        code = append(w, i);
    free(r);
    return code == ERR_OK ? write_truth(w) : code;
}

enum err_code sim_write_files(const struct sim_files_options *options,
                              struct sim_files_result *result, struct err *err)
{
    *result = (struct sim_files_result){0};
    if (!(options->days > 0 && options->days <= 36525))
        return err_set(err, ERR_USAGE, "days: %g is not above 0 and at most 36525", options->days);
    char truth[PATH_BYTES];
    if (snprintf(truth, sizeof truth, "%s/truth.json", options->dir) >= PATH_BYTES - 64)
        return err_set(err, ERR_LIMIT, "%s: path too long", options->dir);
    enum err_code code = file_make_dirs(options->dir, err);
    if (code != ERR_OK)
        return code;
    if (file_exists(truth))
        return err_set(err, ERR_CONFLICT, "%s is there already; choose another folder", truth);
    struct writer w = {
        .options = options, .catalog = catalog_open(0), .result = result, .err = err};
    if (!w.catalog)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the catalogue");
    struct sim_config config = options->config;
    config.truth_max = 0;
    code = sim_open(&config, w.catalog, &w.sim, err);
    if (code == ERR_OK) {
        w.file_count = options->long_format ? 1 : sim_sensor_count(w.sim) / SIM_PARAMETER_COUNT;
        w.buffer_bytes = BUFFERS_BYTES / w.file_count;
        if (w.buffer_bytes < BUFFER_MIN)
            w.buffer_bytes = BUFFER_MIN;
        if (w.buffer_bytes > BUFFER_MAX)
            w.buffer_bytes = BUFFER_MAX;
        w.files = calloc(w.file_count, sizeof *w.files);
        double rate = config.rate_hz == 0 ? 1 : config.rate_hz;
        code = w.files ? write_all(&w, (uint64_t)(options->days * 86400 * rate + 0.5))
                       : err_set(err, ERR_NO_MEMORY, "out of memory for %zu files", w.file_count);
    }
    for (size_t i = 0; w.files && i < w.file_count; i++)
        buf_free(&w.files[i].waiting);
    free(w.files);
    sim_close(&w.sim);
    catalog_close(&w.catalog);
    return code;
}
