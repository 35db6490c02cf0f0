// The files of a benchmark folder.
#include "eval/folder.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

// Without leading zeros, so that the longer of two runs of digits is the larger number.
static size_t digits(const char **p)
{
    size_t n = 0;
    while (**p == '0' && digit((*p)[1]))
        (*p)++;
    while (digit((*p)[n]))
        n++;
    return n;
}

int folder_compare(const char *a, const char *b)
{
    const char *p = a, *q = b;
    while (*p && *q) {
        if (digit(*p) && digit(*q)) {
            size_t n = digits(&p), m = digits(&q);
            int order = n != m ? (n < m ? -1 : 1) : strncmp(p, q, n);
            if (order)
                return order;
            p += n;
            q += m;
        } else if (*p != *q) {
            break;
        } else {
            p++;
            q++;
        }
    }
    int order = (unsigned char)*p - (unsigned char)*q;
    return order ? order : strcmp(a, b);
}

static int by_name(const void *a, const void *b)
{
    return folder_compare(*(char *const *)a, *(char *const *)b);
}

struct listing {
    const char *folder, *skip;
    bool (*wanted)(const char *name);
    struct folder_files *out;
    size_t room;
    struct err *err;
};

static enum err_code add(struct listing *l, const char *name)
{
    struct folder_files *f = l->out;
    if (f->count == FOLDER_FILES_MAX)
        return err_set(l->err, ERR_LIMIT, "%s: more than %d files", l->folder, FOLDER_FILES_MAX);
    if (f->count == l->room) {
        size_t room = l->room ? 2 * l->room : 64;
        char **names = realloc(f->names, room * sizeof *names);
        if (!names)
            return err_set(l->err, ERR_NO_MEMORY, "out of memory for %zu file names", room);
        f->names = names;
        l->room = room;
    }
    f->names[f->count] = strdup(name);
    if (!f->names[f->count])
        return err_set(l->err, ERR_NO_MEMORY, "out of memory for file names");
    f->count++;
    return ERR_OK;
}

static enum err_code list(struct listing *l, const char *under, int depth);

static enum err_code list_entry(struct listing *l, const char *under, const char *name, int depth)
{
    char relative[PATH_MAX], path[PATH_MAX];
    struct stat status;
    if (name[0] == '.')
        return ERR_OK;
    if (snprintf(relative, sizeof relative, "%s%s%s", under, *under ? "/" : "", name) >=
            (int)sizeof relative ||
        snprintf(path, sizeof path, "%s/%s", l->folder, relative) >= (int)sizeof path)
        return err_set(l->err, ERR_LIMIT, "%s/%s/%s: the path is too long", l->folder, under, name);
    if (stat(path, &status) != 0)
        return err_errno(l->err, errno, "%s", path);
    if (S_ISDIR(status.st_mode)) {
        bool skipped = depth == FOLDER_DEPTH_MAX || (l->skip && strcmp(name, l->skip) == 0);
        return skipped ? ERR_OK : list(l, relative, depth + 1);
    }
    return S_ISREG(status.st_mode) && l->wanted(name) ? add(l, relative) : ERR_OK;
}

static enum err_code list(struct listing *l, const char *under, int depth)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s%s%s", l->folder, *under ? "/" : "", under) >=
        (int)sizeof path)
        return err_set(l->err, ERR_LIMIT, "%s: the path is too long", l->folder);
    DIR *dir = opendir(path);
    if (!dir)
        return err_errno(l->err, errno, "%s", path);
    enum err_code code = ERR_OK;
    while (code == ERR_OK) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry) {
            if (errno)
                code = err_errno(l->err, errno, "%s", path);
            break;
        }
        code = list_entry(l, under, entry->d_name, depth);
    }
    closedir(dir);
    return code;
}

enum err_code folder_list(const char *folder, bool (*wanted)(const char *name), const char *skip,
                          const char *what, struct folder_files *out, struct err *err)
{
    struct listing l = {folder, skip, wanted, out, 0, err};
    *out = (struct folder_files){0};
    enum err_code code = list(&l, "", 1);
    if (code == ERR_OK && !out->count)
        code = err_set(err, ERR_NOT_FOUND, "%s: no %s in it", folder, what);
    if (code != ERR_OK)
        folder_close(out);
    else
        qsort(out->names, out->count, sizeof *out->names, by_name);
    return code;
}

bool folder_wants_csv(const char *name)
{
    return str_ends(str_of(name), STR_LIT(".csv"));
}

void folder_close(struct folder_files *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->names[i]);
    free(f->names);
    *f = (struct folder_files){0};
}
