// Every kind of anomaly, from the detectors as they come, with no limit set, by its right name.
#include "lively.h"

enum { DAY_S = 86400, FAULT_S = 6000 };

static const double turn = 6.283185307179586;

// A plant with one more asset, whose sensors have no limits.
struct plant {
    struct scene scene;
    struct lively l;
    uint32_t level, speed;
};

static void open_plant(struct plant *p)
{
    struct err err;
    scene_open(&p->scene, NULL);
    lively_open(&p->l, 17);
    assert_ok(catalog_intern(p->scene.catalog, STR_LIT("tank"), STR_LIT("level"), STR_LIT("m"),
                             &p->level, &err),
              err);
    assert_ok(catalog_intern(p->scene.catalog, STR_LIT("tank"), STR_LIT("speed"), STR_LIT("rpm"),
                             &p->speed, &err),
              err);
}

// Only this kind was told, once, and it began in [from, to] seconds.
static void assert_only(struct plant *p, enum anomaly_kind kind, double from, double to)
{
    flush(&p->scene);
    if (p->scene.opened[kind] != 1 || opened_in_all(&p->scene) != 1)
        fail_msg("one %s expected:\n%s", anomaly_kind_name(kind), log_text(&p->scene));
    assert_true(p->scene.last.start_us >= at(from) && p->scene.last.start_us <= at(to));
    assert_true(p->scene.last.score > 0 && p->scene.last.score <= 1);
    assert_true(p->scene.last.message[0] != '\0');
    scene_close(&p->scene);
}

// Calm for FAULT_S seconds, then `fault` for `lasts` seconds, then calm again.
static void tell(struct plant *p, double (*fault)(struct plant *p, int second), int lasts)
{
    for (int t = 0; t < FAULT_S + lasts + 2000; t++) {
        bool wrong = t >= FAULT_S && t < FAULT_S + lasts;
        double calm = 20 + lively_next(&p->l);
        double value = wrong ? fault(p, t - FAULT_S) : calm;
        if (!isnan(value))
            put(&p->scene, p->level, t, value);
    }
}

static double far_off(struct plant *p, int second)
{
    (void)p, (void)second;
    return 30;
}

static double higher(struct plant *p, int second)
{
    (void)second;
    return 25 + lively_next(&p->l);
}

static double the_same(struct plant *p, int second)
{
    (void)p, (void)second;
    return 20.1;
}

static double rough(struct plant *p, int second)
{
    (void)second;
    return 20 + 1.5 * rng_normal(&p->l.rng);
}

static double nothing(struct plant *p, int second)
{
    (void)p, (void)second;
    return (double)NAN;
}

static void one_value_far_off_is_a_spike(void **state)
{
    (void)state;
    struct plant p;
    open_plant(&p);
    tell(&p, far_off, 1);
    assert_only(&p, ANOMALY_SPIKE, FAULT_S, FAULT_S);
}

static void a_step_that_lasts_is_a_level_shift(void **state)
{
    (void)state;
    struct plant p;
    open_plant(&p);
    tell(&p, higher, 600);
    assert_only(&p, ANOMALY_LEVEL_SHIFT, FAULT_S, FAULT_S);
}

static void a_value_that_stops_changing_is_stuck(void **state)
{
    (void)state;
    struct plant p;
    open_plant(&p);
    tell(&p, the_same, 300);
    assert_only(&p, ANOMALY_STUCK, FAULT_S, FAULT_S + 1);
}

static void more_scatter_is_noise(void **state)
{
    (void)state;
    struct plant p;
    open_plant(&p);
    tell(&p, rough, 300);
    assert_only(&p, ANOMALY_NOISE, FAULT_S, FAULT_S + 60);
}

static void silence_is_a_dropout(void **state)
{
    (void)state;
    struct plant p;
    open_plant(&p);
    tell(&p, nothing, 60);
    assert_only(&p, ANOMALY_DROPOUT, FAULT_S - 1, FAULT_S);
}

static void sensors_that_no_longer_fit_are_multivariate(void **state)
{
    (void)state;
    struct plant p;
    open_plant(&p);
    for (int t = 0; t < 3000; t++) { // the slip alone is well within the level's own range
        double speed = lively_next(&p.l), slip = t >= 900 && t < 960 ? 0.15 : 0;
        put(&p.scene, p.level, t, 2 - 0.3 * speed + 0.005 * rng_normal(&p.l.rng) - slip);
        put(&p.scene, p.speed, t, 60 + speed);
    }
    assert_only(&p, ANOMALY_MULTIVARIATE, 900, 960);
}

// A reading every ten minutes: a daily course between 20 - `course` and 20 + `course` m.
static void follow(struct plant *p, double from_day, double to_day, double course, double more,
                   double more_a_day)
{
    for (int t = (int)(from_day * DAY_S); t < (int)(to_day * DAY_S); t += 600)
        put(&p->scene, p->level, t,
            20 + course * sin(t * turn / DAY_S) + 0.3 * rng_normal(&p->l.rng) + more +
                more_a_day * (t - from_day * DAY_S) / DAY_S);
    flush(&p->scene);
}

// Four weeks. Before the pace of the readings is known their first pauses are dropouts.
static void follow_weeks(struct plant *p, double course)
{
    follow(p, 0, 28, course, 0, 0);
    assert_int_equal(p->scene.opened[ANOMALY_DROPOUT], opened_in_all(&p->scene));
    assert_in_range(opened_in_all(&p->scene), 0, 2);
    memset(p->scene.opened, 0, sizeof p->scene.opened);
    buf_reset(&p->scene.log);
}

static void a_day_without_its_evening_is_seasonal(void **state)
{
    (void)state;
    struct plant p;
    open_plant(&p);
    follow_weeks(&p, 10);
    follow(&p, 28, 28.5, 10, 0, 0);
    follow(&p, 28.5, 28.75, 10, 0, 40); // it stays near 20 and does not fall to 10
    follow(&p, 28.75, 29, 10, 10, -40);
    follow(&p, 29, 31, 10, 0, 0);
    assert_only(&p, ANOMALY_SEASONAL, 28.5 * DAY_S, 28.6 * DAY_S);
}

static void what_rises_a_little_every_day_is_a_drift(void **state)
{
    (void)state;
    struct plant p;
    open_plant(&p);
    follow_weeks(&p, 0);
    follow(&p, 28, 40, 0, 0, 0.1); // a tenth of the range of a day's readings, every day
    assert_int_equal(p.scene.last.side, SIDE_HIGH);
    assert_only(&p, ANOMALY_DRIFT, 27 * DAY_S, 34 * DAY_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_value_far_off_is_a_spike),
        cmocka_unit_test(a_step_that_lasts_is_a_level_shift),
        cmocka_unit_test(a_value_that_stops_changing_is_stuck),
        cmocka_unit_test(more_scatter_is_noise),
        cmocka_unit_test(silence_is_a_dropout),
        cmocka_unit_test(sensors_that_no_longer_fit_are_multivariate),
        cmocka_unit_test(a_day_without_its_evening_is_seasonal),
        cmocka_unit_test(what_rises_a_little_every_day_is_a_drift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
