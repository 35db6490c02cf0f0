// fettle config: shows the settings in force, checks a file, changes a running plant's.
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "cli/ask.h"
#include "cli/command.h"

static const struct option table[] = {JSON_OPTION, SERVER_OPTIONS, OPTIONS_END};

static const struct option *options(void)
{
    return table;
}

static void add_json(void *arg, const struct setting_def *def, const char *name, const char *text,
                     const char *source)
{
    struct json_out *j = arg;
    json_object(j);
    json_key_text(j, "name", name);
    json_key(j, "value");
    settings_json_value(j, def, text);
    json_key_text(j, "source", source);
    json_key_text(j, "type", setting_type_name(def->type));
    json_key_text(j, "help", def->help);
    json_key_bool(j, "reloadable", def->flags & SETTING_RELOADABLE);
    json_end(j);
}

static enum err_code show(struct err *err)
{
    struct settings *s = NULL;
    enum err_code code = app_settings_load(cli_sources(), &s, err);
    if (code != ERR_OK)
        return code;
    struct buf out = {0};
    if (common_options.json) {
        struct json_out j;
        json_open(&j, &out);
        json_array(&j);
        settings_each(s, add_json, &j);
        json_end(&j);
        buf_add_char(&out, '\n');
    } else {
        settings_to_yaml(s, &out);
    }
    settings_close(&s);
    code = cli_print(&out, err);
    buf_free(&out);
    return code;
}

static enum err_code check(const char *path, struct err *err)
{
    struct app_sources from = *cli_sources();
    from.config_path = path;
    struct settings *s = NULL;
    enum err_code code = app_settings_load(&from, &s, err);
    settings_close(&s);
    if (code == ERR_OK)
        printf("%s: good\n", path);
    return code;
}

static enum err_code change(const struct option_list *operands, struct err *err)
{
    struct client client;
    if (!ask_find(&client))
        return err_set(err, ERR_NOT_FOUND,
                       "no fettle runs on %s: put the setting into fettle.yaml instead",
                       common_options.data_dir);
    struct buf body = {0}, answer = {0};
    struct json_out j;
    json_open(&j, &body);
    json_object(&j);
    enum err_code code = ERR_OK;
    for (size_t i = 1; code == ERR_OK && i < operands->count; i++) {
        struct str value = str_of(operands->items[i]), name = str_cut(&value, '=');
        char key[256];
        if (!value.p || name.n == 0 || !str_copy(key, sizeof key, name)) {
            code = err_set(err, ERR_USAGE, "%s: NAME=VALUE expected", operands->items[i]);
        } else {
            json_key(&j, key);
            json_str(&j, value);
        }
    }
    json_end(&j);
    if (code == ERR_OK && body.failed)
        code = err_set(err, ERR_NO_MEMORY, "out of memory");
    if (code == ERR_OK)
        code = client_request(&client, "PATCH", "/api/v1/config", body.p, &answer, err);
    if (code == ERR_OK)
        printf("changed\n");
    buf_free(&body);
    buf_free(&answer);
    return code;
}

static enum err_code run(const struct option_list *operands, struct err *err)
{
    const char *verb = operands->count ? operands->items[0] : "show";
    if (strcmp(verb, "show") == 0 && operands->count <= 1)
        return show(err);
    if (strcmp(verb, "check") == 0 && operands->count == 2)
        return check(operands->items[1], err);
    if (strcmp(verb, "set") == 0 && operands->count >= 2)
        return change(operands, err);
    return err_set(err, ERR_USAGE, "show, check FILE or set NAME=VALUE... expected");
}

const struct command command_config = {
    .name = "config",
    .operands = "[show | check FILE | set NAME=VALUE...]",
    .summary = "Show, check or change settings",
    .text = "show prints every setting in force as a YAML file with its help: save it as\n"
            "fettle.yaml and edit. check reads a file and says what is wrong with it. set changes\n"
            "settings of the fettle that runs on the data folder, without a restart where the\n"
            "setting allows.",
    .examples = "  fettle config show > fettle.yaml        # a file to start from\n"
                "  fettle config check fettle.yaml\n"
                "  fettle config set rules.kind.temperature.spike_high=48\n",
    .options = options,
    .run = run,
};
