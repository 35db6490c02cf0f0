// The progress bar: silent in a file or pipe, drawn on a terminal.
#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/progress.h"

// What `work` writes to stderr when stderr is `fd`, whose other end is `from`.
static size_t captured(int fd, int from, char *out, size_t cap)
{
    int kept = dup(STDERR_FILENO);
    assert_true(dup2(fd, STDERR_FILENO) >= 0);
    struct progress p;
    progress_open(&p, "reading", 100);
    progress_at(&p, 0, NULL);
    p.started_us -= US_PER_SECOND; // as if it had taken a second already
    progress_at(&p, 50, "half");
    progress_at(&p, 51, "too soon for another drawing");
    progress_clear(&p);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    struct pollfd ready = {from, POLLIN, 0};
    size_t n = 0;
    while (n + 1 < cap && poll(&ready, 1, 20) > 0 && ready.revents & POLLIN) {
        ssize_t got = read(from, out + n, cap - 1 - n);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    out[n] = '\0';
    return n;
}

static void nothing_is_drawn_into_a_pipe(void **state)
{
    (void)state;
    int ends[2];
    char text[500];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(captured(ends[1], ends[0], text, sizeof text), 0);
    close(ends[0]);
    close(ends[1]);
}

static void a_terminal_shows_the_bar_once_and_gets_its_line_back(void **state)
{
    (void)state;
    char text[500];
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0)
        skip();
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    if (slave < 0)
        skip();
    captured(slave, master, text, sizeof text);
    assert_string_equal(text, "\r\033[Kreading [##############..............]  50% 1 s left half"
                              "\r\033[K");
    close(slave);
    close(master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_drawn_into_a_pipe),
        cmocka_unit_test(a_terminal_shows_the_bar_once_and_gets_its_line_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
