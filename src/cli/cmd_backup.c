// fettle backup and fettle restore: a copy of everything stored, and its way back.
#include <stdio.h>

#include "app/app.h"
#include "cli/command.h"

static const struct option table[] = {SETTINGS_OPTIONS, OPTIONS_END};

static const struct option *options(void)
{
    return table;
}

static enum err_code run_backup(const struct option_list *operands, struct err *err)
{
    if (operands->count != 1)
        return err_set(err, ERR_USAGE, "the file to write is expected");
    enum err_code code = store_backup_folder(common_options.data_dir, operands->items[0], err);
    if (code == ERR_OK)
        printf("%s: written and checked\n", operands->items[0]);
    return code;
}

static enum err_code run_restore(const struct option_list *operands, struct err *err)
{
    if (operands->count != 1)
        return err_set(err, ERR_USAGE, "the backup to restore is expected");
    enum err_code code = store_restore(operands->items[0], common_options.data_dir, err);
    if (code == ERR_OK)
        printf("%s: restored into %s; what was there is kept as fettle.db.before-restore\n",
               operands->items[0], common_options.data_dir);
    return code;
}

const struct command command_backup = {
    .name = "backup",
    .operands = "FILE",
    .summary = "Write a consistent copy of everything stored, also while fettle runs",
    .text =
        "Readings, roll-ups, anomalies, incidents and summaries in one file, checked before it\n"
        "gets its name. An existing file is not overwritten. Settings files and keys are not in\n"
        "it.",
    .examples = "  fettle backup /mnt/usb/plant-$(date +%F).db\n",
    .options = options,
    .run = run_backup,
};

const struct command command_restore = {
    .name = "restore",
    .operands = "FILE",
    .summary = "Put a backup in place of what is stored",
    .text =
        "Checks the backup, keeps the present database as fettle.db.before-restore, and puts the\n"
        "backup in its place. Refused while fettle runs on the folder.",
    .examples = "  fettle restore /mnt/usb/plant-2026-11-21.db --data /var/lib/fettle\n",
    .options = options,
    .run = run_restore,
};
