// Shows what came of the simulated plant's faults, to people and as JSON.
#include <math.h>

#include "eval/eval_simulator.h"

static void add_cell(struct buf *to, double seconds)
{
    if (isnan(seconds))
        buf_printf(to, "%10s", "-");
    else
        buf_printf(to, "%8.1f s", seconds);
}

void eval_simulator_text(const struct eval_simulator_report *r, struct buf *to)
{
    const struct eval_simulator_options *o = &r->options;
    buf_printf(to,
               "simulated water plant: %zu plants of %u assets, %g days at %g Hz, %g faults an "
               "hour and asset, seeds from %llu\n\n",
               o->plants, o->assets, o->days, o->rate_hz, o->faults_per_hour,
               (unsigned long long)o->seed);
    buf_printf(to, "%-15s %9s %9s %9s %9s %9s %10s %9s\n", "fault", "injected", "found", "named",
               "twice", "other", "delay", "longest");
    for (int k = 0; k < SIM_FAULT_KIND_COUNT; k++) {
        const struct eval_simulator_kind *kind = &r->kinds[k];
        buf_printf(to, "%-15s %9llu %9llu ", sim_fault_name((enum sim_fault_kind)k),
                   (unsigned long long)kind->injected, (unsigned long long)kind->found);
        if (r->judged[k])
            buf_printf(to, "%9llu %9llu ", (unsigned long long)kind->named,
                       (unsigned long long)kind->again);
        else
            buf_printf(to, "%9s %9s ", "no rule", "-");
        buf_printf(to, "%9llu ", (unsigned long long)kind->other);
        add_cell(to, kind->delay_median_s);
        add_cell(to, kind->delay_max_s);
        buf_add_char(to, '\n');
    }
    buf_printf(to,
               "\nfalse alarms: %llu, %.6f per sensor-day over %.0f sensor-days\n"
               "%llu readings, %llu anomalies, %llu incidents in %.1f s\n",
               (unsigned long long)r->false_alarms, (double)r->false_alarms / r->sensor_days,
               r->sensor_days, (unsigned long long)r->readings, (unsigned long long)r->anomalies,
               (unsigned long long)r->incidents, r->seconds);
    for (size_t i = 0; i < r->example_count; i++)
        buf_printf(to, "%s\n", r->examples[i]);
}

static void add_kind(const struct eval_simulator_report *r, int k, struct json_out *to)
{
    const struct eval_simulator_kind *kind = &r->kinds[k];
    json_object(to);
    json_key_text(to, "fault", sim_fault_name((enum sim_fault_kind)k));
    json_key_bool(to, "rule", r->ruled[k]);
    json_key_int(to, "injected", (int64_t)kind->injected);
    json_key_int(to, "found", (int64_t)kind->found);
    json_key_int(to, "named", (int64_t)kind->named);
    json_key_int(to, "twice", (int64_t)kind->again);
    json_key_int(to, "other", (int64_t)kind->other);
    json_key_real(to, "delay_median_s", kind->delay_median_s);
    json_key_real(to, "delay_max_s", kind->delay_max_s);
    json_end(to);
}

void eval_simulator_json(const struct eval_simulator_report *r, struct json_out *to)
{
    const struct eval_simulator_options *o = &r->options;
    json_object(to);
    json_key_text(to, "suite", "simulator");
    json_key_bool(to, "passed", eval_simulator_passed(r));
    json_key_int(to, "seed", (int64_t)o->seed);
    json_key_int(to, "plants", (int64_t)o->plants);
    json_key_int(to, "assets", o->assets);
    json_key_real(to, "days", o->days);
    json_key_real(to, "rate_hz", o->rate_hz);
    json_key_real(to, "faults_per_hour", o->faults_per_hour);
    json_key_bool(to, "rules_only", o->rules_only);
    json_key(to, "faults");
    json_array(to);
    for (int k = 0; k < SIM_FAULT_KIND_COUNT; k++)
        add_kind(r, k, to);
    json_end(to);
    json_key_int(to, "false_alarms", (int64_t)r->false_alarms);
    json_key_real(to, "false_alarms_per_sensor_day", (double)r->false_alarms / r->sensor_days);
    json_key_real(to, "sensor_days", r->sensor_days);
    json_key_int(to, "readings", (int64_t)r->readings);
    json_key_int(to, "anomalies", (int64_t)r->anomalies);
    json_key_int(to, "incidents", (int64_t)r->incidents);
    json_key_real(to, "seconds", r->seconds);
    json_key(to, "examples");
    json_array(to);
    for (size_t i = 0; i < r->example_count; i++)
        json_text(to, r->examples[i]);
    json_end(to);
    json_end(to);
}
