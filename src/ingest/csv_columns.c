// Finds out what the columns of a CSV file mean.
#include "ingest/csv_columns.h"

#include "base/map.h"

static const char *const time_names[] = {"time", "timestamp", "datetime", "date",
                                         "ts",   "_time",     "date_time"};
static const char *const sensor_names[] = {"sensor", "sensor_id", "sensor_name", "tag", "series"};
static const char *const asset_names[] = {"asset", "asset_id", "device", "machine"};
static const char *const parameter_names[] = {"parameter", "param", "quantity", "metric", "_field"};
static const char *const value_names[] = {"value", "_value", "reading"};
static const char *const unit_names[] = {"unit", "units"};
static const char *const quality_names[] = {"quality"};

#define FIND(names) find_any(header, count, names, sizeof(names) / sizeof *(names))

static size_t find_name(const struct str *header, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(str_trim(header[i]), str_of(name)))
            return i;
    return CSV_NO_COLUMN;
}

static size_t find_any(const struct str *header, size_t count, const char *const *names,
                       size_t name_count)
{
    size_t found = CSV_NO_COLUMN;
    for (size_t i = 0; i < name_count && found == CSV_NO_COLUMN; i++)
        found = find_name(header, count, names[i]);
    return found;
}

static bool is_time(struct str cell)
{
    int64_t t;
    return time_from_text(str_trim(cell), &t);
}

static bool is_number(struct str cell)
{
    double v;
    if (str_to_reading(cell, &v))
        return true;
    // A comma for the decimal point.
    char text[64];
    cell = str_trim(cell);
    if (!str_copy(text, sizeof text, cell))
        return false;
    char *comma = strchr(text, ',');
    if (comma)
        *comma = '.';
    return comma && str_to_double(str_of(text), &v);
}

// A header has words and no date in it.
static bool looks_like_header(const struct str *cells, size_t count)
{
    bool words = false;
    for (size_t i = 0; i < count; i++) {
        if (is_time(cells[i]))
            return false;
        words = words || !is_number(cells[i]);
    }
    return words;
}

static bool is_listed(const char *const *names, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(name, str_of(names[i])))
            return true;
    return false;
}

static void find_time(struct csv_columns *c, const struct str *header, size_t count,
                      const struct str *data, size_t data_count)
{
    if (c->has_header)
        c->time = FIND(time_names);
    for (size_t i = 0; i < data_count && c->time == CSV_NO_COLUMN; i++)
        if (is_time(data[i]))
            c->time = i;
    // Loggers like to write "date" and "time of day" into two columns.
    size_t date = c->has_header ? find_name(header, count, "date") : CSV_NO_COLUMN;
    if (c->time != CSV_NO_COLUMN && date != CSV_NO_COLUMN && date != c->time &&
        c->time < data_count && memchr(data[c->time].p, ':', data[c->time].n) &&
        !is_time(data[c->time]))
        c->date = date;
}

// A reading a row: a value, and columns that name its sensor. Without a header: time, name, number.
static void find_long(struct csv_columns *c, const struct str *header, size_t count,
                      const struct str *data, size_t data_count)
{
    if (c->has_header) {
        c->value = FIND(value_names);
        c->sensor = FIND(sensor_names);
        c->asset = FIND(asset_names);
        c->parameter = FIND(parameter_names);
        c->unit = FIND(unit_names);
        c->quality = FIND(quality_names);
        c->is_long = c->value != CSV_NO_COLUMN &&
                     (c->sensor != CSV_NO_COLUMN || c->parameter != CSV_NO_COLUMN);
    } else if (data_count == 3 && c->time == 0 && !is_number(data[1]) && !is_time(data[1]) &&
               is_number(data[2])) {
        c->sensor = 1;
        c->value = 2;
        c->is_long = true;
    }
}

// "Temperature (°C)" and "flow [L/min]" name their unit.
static struct str cut_unit(struct str *name)
{
    char close = name->n ? name->p[name->n - 1] : ' ';
    if (close != ')' && close != ']')
        return (struct str){"", 0};
    const char *open = memrchr(name->p, close == ')' ? '(' : '[', name->n);
    if (!open || open == name->p)
        return (struct str){"", 0};
    struct str unit = {open + 1, (size_t)(name->p + name->n - 1 - (open + 1))};
    if (unit.n >= PLANT_UNIT_BYTES)
        return (struct str){"", 0};
    *name = str_trim((struct str){name->p, (size_t)(open - name->p)});
    return unit;
}

// The column's name as the plant can bear it: UTF-8 (else it is taken as Latin-1), one slash at
// most, numbered when it is empty or was there before.
static char *sensor_name(struct map *taken, struct str raw, size_t at, struct arena *memory)
{
    struct buf b = {0};
    if (str_is_utf8(raw)) {
        buf_add_str(&b, raw);
    } else {
        for (size_t i = 0; i < raw.n; i++) {
            unsigned char byte = (unsigned char)raw.p[i];
            if (byte >= 0x80)
                buf_add_char(&b, (char)(0xC0 | byte >> 6));
            buf_add_char(&b, (char)(byte < 0x80 ? byte : 0x80 | (byte & 0x3F)));
        }
    }
    if (raw.n == 0)
        buf_printf(&b, "column_%zu", at + 1);
    char *slash = b.p ? strchr(b.p, '/') : NULL;
    while (slash && strchr(slash + 1, '/'))
        *(slash = strchr(slash + 1, '/')) = '_';
    if (map_find(taken, buf_str(&b)))
        buf_printf(&b, "_%zu", at + 1);
    bool ok = !b.failed && map_put(taken, buf_str(&b), at);
    char *name = ok ? arena_copy(memory, buf_str(&b)) : NULL;
    buf_free(&b);
    return name;
}

static enum err_code find_sensors(struct csv_columns *c, const struct str *header,
                                  const struct csv_replay_options *options, const char *asset,
                                  struct arena *memory, struct map *taken, struct ingest_emit *e,
                                  struct err *err)
{
    c->sensors = arena_new(memory, c->count, sizeof *c->sensors);
    if (!c->sensors)
        return err_set(err, ERR_NO_MEMORY, "out of memory for %zu columns", c->count);
    for (size_t i = 0; i < c->count; i++) {
        struct str raw = c->has_header ? str_trim(header[i]) : (struct str){"", 0}, name = raw;
        struct str unit = cut_unit(&name);
        if (i == c->time || i == c->date ||
            is_listed(options->ignore, options->ignore_count, raw) ||
            is_listed(options->ignore, options->ignore_count, name))
            continue;
        if (options->column_count && !is_listed(options->columns, options->column_count, raw) &&
            !is_listed(options->columns, options->column_count, name))
            continue;
        const char *text = sensor_name(taken, name, i, memory);
        if (!text)
            return err_set(err, ERR_NO_MEMORY, "out of memory for column names");
        struct str full = str_of(text);
        struct str of = strchr(text, '/') ? (struct str){"", 0} : str_of(asset);
        uint32_t sensor;
        if (of.n ? ingest_emit_sensor(e, 1, of, full, unit, &sensor)
                 : ingest_emit_sensor(e, 1, full, of, unit, &sensor)) {
            c->sensors[c->sensor_count].at = i;
            c->sensors[c->sensor_count].sensor = sensor;
            c->sensors[c->sensor_count++].name = text;
        }
        if (e->code != ERR_OK)
            return e->code;
    }
    return ERR_OK;
}

static enum err_code check_names(const struct str *header, size_t count, const char *source,
                                 const struct csv_replay_options *o, struct err *err)
{
    const char *missing = NULL;
    for (size_t i = 0; i < o->column_count && !missing; i++) {
        bool found = false;
        for (size_t k = 0; k < count && !found; k++) {
            struct str raw = str_trim(header[k]), name = raw;
            cut_unit(&name);
            found = str_eq_nocase(raw, str_of(o->columns[i])) ||
                    str_eq_nocase(name, str_of(o->columns[i]));
        }
        if (!found)
            missing = o->columns[i];
    }
    if (o->time_column && find_name(header, count, o->time_column) == CSV_NO_COLUMN)
        missing = o->time_column;
    if (!missing)
        return ERR_OK;
    struct buf names = {0};
    for (size_t i = 0; i < count; i++)
        buf_printf(&names, "%s%.*s", i ? ", " : "", STR_ARG(header[i]));
    err_set(err, ERR_INPUT, "%s: no column \"%s\"; there are: %s", source, missing,
            names.p ? names.p : "");
    buf_free(&names);
    return ERR_INPUT;
}

enum err_code csv_columns_find(struct csv_columns *c, const struct str *first, size_t first_count,
                               const struct str *second, size_t second_count,
                               const struct csv_replay_options *options, const char *asset,
                               const char *source, struct arena *memory, struct ingest_emit *e,
                               struct err *err)
{
    *c = (struct csv_columns){.count = first_count,
                              .has_header = looks_like_header(first, first_count),
                              .time = CSV_NO_COLUMN,
                              .date = CSV_NO_COLUMN,
                              .sensor = CSV_NO_COLUMN,
                              .asset = CSV_NO_COLUMN,
                              .parameter = CSV_NO_COLUMN,
                              .value = CSV_NO_COLUMN,
                              .unit = CSV_NO_COLUMN,
                              .quality = CSV_NO_COLUMN};
    const struct str *data = c->has_header ? second : first;
    size_t data_count = c->has_header ? second_count : first_count;
    enum err_code code = check_names(first, first_count, source, options, err);
    if (code != ERR_OK)
        return code;
    if (options->time_column)
        c->time = find_name(first, first_count, options->time_column);
    if (c->time == CSV_NO_COLUMN)
        find_time(c, first, first_count, data, data_count);
    find_long(c, first, first_count, data, data_count);
    // A header alone makes no sensors: nothing tells it from two words and a comma.
    if (c->is_long || (c->has_header && second_count == 0))
        return ERR_OK;
    struct map taken = {0};
    code = find_sensors(c, first, options, asset, memory, &taken, e, err);
    map_free(&taken);
    if (code == ERR_OK && c->sensor_count == 0)
        code = err_set(err, ERR_INPUT, "%s: none of its %zu columns holds a sensor", source,
                       first_count);
    return code;
}
