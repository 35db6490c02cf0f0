# The stages of ./check, one function each. A stage adds to stage_passed, stage_failed and
# stage_skipped, prints what failed, and returns non-zero if it could not be run to its end.

stages=(house headers clang release itself start asan fuzz)
slow_stages=(clang asan fuzz)
jobs=$(nproc)

# one NAME COMMAND...: runs a command as one test. Exit status 77 counts as skipped.
one() {
    local name=$1 output status=0
    shift
    output=$("$@" 2>&1) || status=$?
    case $status in
    0) stage_passed=$((stage_passed + 1)) ;;
    77)
        stage_skipped=$((stage_skipped + 1))
        printf '   skipped: %s: %s\n' "$name" "$output"
        ;;
    *)
        stage_failed=$((stage_failed + 1))
        printf '   FAILED: %s\n%s\n' "$name" "$output"
        ;;
    esac
    [ -z "$output" ] || [ $status -ne 0 ] || printf '%s\n' "$output"
}

stage_house() {
    local rule
    for rule in format layers layers_can_fail first_lines file_lengths readmes no_machine_paths \
        count_cases; do
        one "house rule $rule" "tests/house/$rule.sh"
    done
}

stage_headers() {
    one "headers compile alone under gcc" tests/house/headers_alone.sh gcc
    one "headers compile alone under clang" tests/house/headers_alone.sh clang
}

stage_clang() {
    one "all sources compile under clang" tests/house/compiles_with.sh clang
}

# quiet LOG COMMAND...: runs a command into a log that is shown only if it fails.
quiet() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 && return 0
    printf '   FAILED: %s\n' "$*"
    tail -n 60 "$log"
    return 1
}

# Builds with a preset; the second argument names its folder, further ones the targets.
build() {
    local preset=$1 folder=$2
    shift 2
    quiet "/tmp/fettle-check.$$" cmake --preset "$preset" &&
        quiet "/tmp/fettle-check.$$" nice ninja -j "$jobs" -C "$folder" "$@"
    local status=$?
    rm -f "/tmp/fettle-check.$$"
    return $status
}

# Runs the tests of a build folder and counts their cases.
run_tests() {
    local folder=$1 log=$1/check.log counts
    shift
    ctest --test-dir "$folder" -j "$jobs" --timeout 600 -V "$@" >"$log" 2>&1
    counts=$(awk -f tools/count_cases.awk "$log")
    grep -v '^counts ' <<<"$counts"
    read -r _ passes fails skips <<<"$(grep '^counts ' <<<"$counts")"
    stage_passed=$((stage_passed + passes))
    stage_failed=$((stage_failed + fails))
    stage_skipped=$((stage_skipped + skips))
    if [ $((passes + fails + skips)) -eq 0 ] && [ -z "$tests_only" ]; then
        echo "   no test was run; $log says why"
        return 1
    fi
}

stage_release() {
    build release build || return 1
    run_tests build -E '^house\.' ${tests_only:+-R "$tests_only"}
}

stage_asan() {
    build asan build-asan || return 1
    run_tests build-asan -E '^(house|check|docs)\.' ${tests_only:+-R "$tests_only"}
}

stage_itself() {
    one "a failing test makes ./check fail" tests/house/check_can_fail.sh
}

stage_start() {
    if [ ! -x build/fettle ]; then
        echo "   build/fettle is not there: the stage release builds it"
        return 1
    fi
    local counts
    counts=$(tests/house/start.sh build/fettle)
    local status=$?
    grep -v '^counts ' <<<"$counts"
    read -r _ passes fails <<<"$(grep '^counts ' <<<"$counts")"
    stage_passed=$((stage_passed + ${passes:-0}))
    stage_failed=$((stage_failed + ${fails:-1}))
    return $status
}

stage_fuzz() {
    local targets target seconds minute=(fuzz_llm_gguf fuzz_llm_tokenizer)
    mapfile -t targets < <(cd tests/fuzz 2>/dev/null && ls fuzz_*.c | sed 's/\.c$//')
    if [ ${#targets[@]} -eq 0 ] || ! command -v clang >/dev/null; then
        echo "   skipped: no fuzz target or no clang"
        stage_skipped=$((stage_skipped + 1))
        return 0
    fi
    build fuzz build-fuzz "${targets[@]/#/tests/}" || return 1
    seconds=$(((${FETTLE_FUZZ_SECONDS:-60} * jobs + ${#targets[@]} - 1) / ${#targets[@]}))
    # What strangers' model files go through gets a minute each, and goes first.
    for target in "${targets[@]}"; do
        case " ${minute[*]} " in
        *" $target "*) echo "$target ${FETTLE_FUZZ_SECONDS:-60}" ;;
        *) echo "$target $seconds" ;;
        esac
    done | sort -k2,2nr |
        xargs -P "$jobs" -L1 sh -c 'tests/fuzz/run.sh "$0" "$1" >"build-fuzz/$0.log" 2>&1
            echo $? >"build-fuzz/$0.status"'
    for target in "${targets[@]}"; do
        one "$target" sh -c "s=\$(cat build-fuzz/$target.status); [ \$s = 0 ] ||
            { tail -n 40 build-fuzz/$target.log; exit 1; }"
    done
}
