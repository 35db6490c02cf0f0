// The families of equipment; the held-out ones never appear in training data.
#include <string.h>

#include "factory/plant_words.h"

#define SMART " supply_voltage status ref_check reset_count board_temp uptime"
#define BUS   " message_age crc_errors"

// clang-format off
const struct family families[] = {
    {"weather_station", "WXT536|WXT532|WS600|MetPak|AWS-310", "wind sensor|weather station|weather transmitter|ultrasonic anemometer", "heater_current ambient_temp wind_speed humidity_inside rssi" SMART BUS, false},
    {"centrifugal_pump", "P-101|P-204A|NK80|CR64|KSB-7", "pump|centrifugal pump|feed pump|transfer pump", "suction_pressure discharge_pressure flow filter_dp vibration bearing_temp motor_current winding_temp coolant_flow power tank_level status", false},
    {"control_valve", "FV-12|PCV-7|CV300|TZIDC", "control valve|valve|positioner", "position_error air_pressure valve_position loop_current supply_voltage status reset_count", false},
    {"motor", "M-11|LE14|M3BP|MTR-5", "motor|drive motor|induction motor", "motor_current winding_temp bearing_temp vibration phase_a phase_b phase_c insulation coolant_flow power status", false},
    {"magnetic_flowmeter", "FT-31|Promag|MAG5100|FIT-8", "flowmeter|flow meter|magnetic flowmeter", "conductivity flow loop_current span_error liquid_temp" SMART BUS, false},
    {"pressure_transmitter", "PT-14|S3051|PMC71|EJA110", "pressure transmitter|pressure sensor|transmitter", "process_value loop_current dp_noise span_error humidity_inside" SMART, false},
    {"level_transmitter", "LT-3|FMR51|LR250|LIT-9", "level sensor|level transmitter|radar level gauge", "tank_level loop_current span_error liquid_temp humidity_inside" SMART BUS, false},
    {"gas_detector", "GD-7|Polytron|Xgard|GT-22", "gas detector|gas sensor|methane detector", "gas_level sensitivity loop_current span_error ambient_temp humidity_inside" SMART BUS, false},
    {"power_supply", "PSU-24|QUINT4|SITOP|G24-10", "power supply|supply unit|DC supply", "output_voltage load_current ripple board_temp fan_speed fuse_state status uptime", false},
    {"battery_charger", "UPS-2|BC-40|MINI-UPS|CHG-9", "UPS|battery backup|solar charger", "battery_voltage charge_current load_current output_voltage board_temp fuse_state ambient_temp status", false},
    {"data_logger", "DL-8|CR1000X|LOG-16|DT80", "logger|data logger|recorder", "clock_offset storage_used battery_voltage charge_current supply_voltage humidity_inside ref_check reset_count board_temp status", false},
    {"remote_terminal", "RTU-4|SCADAPack|RTU560|TBOX", "RTU|remote terminal unit|telemetry unit", "rssi clock_offset storage_used battery_voltage charge_current" SMART BUS, false},
    {"fan_unit", "AHU-2|FN-31|EF-6|SF-12", "fan|ventilator|extract fan", "driven_speed motor_speed vibration bearing_temp motor_current winding_temp filter_dp power status", false},
    {"compressor", "C-301|GA37|SSR-30|K-12", "compressor|screw compressor|air compressor", "oil_pressure bearing_temp vibration discharge_pressure motor_current winding_temp coolant_flow filter_dp suction_pressure status", false},
    {"gearbox", "GB-1|GX-40|PLG-8", "gearbox|gear unit", "oil_pressure bearing_temp vibration driven_speed motor_speed filter_dp status", false},
    {"conveyor", "CB-3|BC-12|CONV-7", "conveyor|belt conveyor", "driven_speed motor_speed motor_current winding_temp bearing_temp vibration phase_a phase_b phase_c status", false},
    {"cooling_tower", "CT-2|EVX-9|CWT-4", "cooling tower|cooling water system", "coolant_flow tank_level vibration bearing_temp motor_current winding_temp flow filter_dp suction_pressure status", false},
    {"pipeline", "PL-6|LDS-1|SEG-14", "pipeline|transfer line|line section", "flow_balance discharge_pressure flow process_value message_age crc_errors rssi status", false},
    {"plc_cabinet", "PLC-1|S7-1500|CAB-9|ET200", "PLC|control cabinet|I/O station", "board_temp fan_speed output_voltage load_current ripple humidity_inside supply_voltage storage_used crc_errors message_age reset_count fuse_state status clock_offset", false},
    {"turbidity_meter", "TU-5|VisoTurb|AT-12", "turbidity meter|optical sensor|turbidity probe", "window_dirt loop_current span_error liquid_temp" SMART, false},
    {"storage_tank", "T-7|TK-201|B-3", "tank|storage tank|day tank", "tank_level flow discharge_pressure flow_balance liquid_temp status", false},
    {"heat_tracing", "HT-4|TraceTek|EHT-11", "heat tracing|trace heater|heated line", "heater_current ambient_temp insulation supply_voltage board_temp status reset_count", false},
    {"hydraulic_unit", "HPU-2|HY-8|HSU-5", "hydraulic unit|hydraulic power pack", "oil_pressure filter_dp motor_current winding_temp tank_level discharge_pressure vibration bearing_temp coolant_flow status", false},
    {"wireless_node", "WN-12|LoRa-7|WSN-3", "wireless sensor|radio node|vibration node", "rssi battery_voltage message_age crc_errors vibration clock_offset humidity_inside storage_used status reset_count supply_voltage", false},
    {"water_pipe", "WP-3|PIPE-12|LN-40", "pipe|water pipe|supply line", "liquid_temp process_value flow heater_current ambient_temp supply_voltage", false},
    // Held out.
    {"heating_line", "DH-3|FW-21|HL-7", "heating line|district heating line", "liquid_temp process_value flow heater_current ambient_temp supply_voltage power", true},
    {"road_weather_sensor", "RWS-20|DRS511|IRS31|FD12P", "visibility sensor|road weather sensor|present weather sensor", "heater_current ambient_temp wind_speed window_dirt humidity_inside" SMART BUS, true},
    {"submersible_pump", "SP-17|BH-2|UPA200", "borehole pump|submersible pump|well pump", "suction_pressure discharge_pressure flow tank_level filter_dp motor_current winding_temp insulation phase_a phase_b phase_c vibration coolant_flow status", true},
    {"dp_flow_transmitter", "FIT-77|DPT-40|Deltabar", "differential pressure transmitter|orifice flow meter", "dp_noise process_value loop_current span_error conductivity" SMART BUS, true},
    {"damper_actuator", "DA-6|PD-31|ACT-9", "damper|actuator|shut-off damper", "position_error air_pressure valve_position loop_current motor_current winding_temp status", true},
    {"blower", "BL-2|RB-60|KAESER-5", "blower|aeration blower|roots blower", "oil_pressure bearing_temp vibration driven_speed motor_speed filter_dp discharge_pressure flow suction_pressure motor_current winding_temp coolant_flow status", true},
    {"flare_monitor", "FM-1|H2S-40|TGD-3", "toxic gas monitor|open path detector", "gas_level sensitivity window_dirt rssi clock_offset storage_used battery_voltage charge_current" SMART BUS, true},
    {"substation_rectifier", "RC-110|BCR-2|DCU-4", "rectifier|station battery rectifier|DC system", "output_voltage load_current ripple battery_voltage charge_current insulation board_temp fan_speed fuse_state flow_balance reset_count supply_voltage status", true},
};
// clang-format on

const size_t family_count = sizeof families / sizeof *families;

bool family_has(const struct family *family, const struct measure *q)
{
    size_t n = strlen(q->id);
    for (const char *at = family->quantities; (at = strstr(at, q->id)) != NULL; at += n)
        if ((at == family->quantities || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
    return false;
}

bool fault_fits(const struct fault *fault, const struct family *family)
{
    struct evidence e[EVIDENCE_MAX];
    size_t n = evidence_read(fault->evidence, e);
    for (size_t i = 0; i < n; i++)
        if (!family_has(family, e[i].quantity))
            return false;
    return n > 0;
}
