# Counts test cases in the log of "ctest -V": the cases of a cmocka program one by one, any other
# test as one. Names what was skipped, prints the output of failed tests, and ends with
# "counts PASSED FAILED SKIPPED".

function number(text) {
    return match(text, /[0-9]+/) ? substr(text, RSTART, RLENGTH) + 0 : 0
}

# "12: text" is a line of test 12.
/^[0-9]+: / {
    test = $1 + 0
    line = substr($0, index($0, ":") + 2)
    if (line ~ /^\[  PASSED  \] [0-9]+ test/)
        pass[test] += number(line)
    else if (line ~ /^\[  FAILED  \] [0-9]+ test/)
        fail[test] += number(line)
    else if (line ~ /^\[  SKIPPED \] [0-9]+ test/)
        skip[test] += number(line)
    if (line !~ /^\[ RUN      \]|^\[       OK \]/)
        output[test] = output[test] line "\n"
    next
}

# " 3/17 Test #12: base.test_str ....   Passed    0.09 sec"
/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
    match($0, /#[0-9]+:/)
    test = substr($0, RSTART + 1, RLENGTH - 2) + 0
    name = $0
    sub(/.*#[0-9]+: /, "", name)
    sub(/ .*/, "", name)
    cases = pass[test] + fail[test] + skip[test]
    if (skip[test] || $0 ~ /\*\*\*Skipped/)
        printf "   skipped: %s\n", name (skip[test] ? " (" skip[test] " of " cases " cases)" : "")
    if ($0 ~ /\*\*\*Skipped/) {
        skipped += cases ? cases : 1
    } else if ($0 ~ /   Passed +[0-9.]+ sec/) {
        passed += cases ? pass[test] : 1
        skipped += skip[test]
    } else {
        passed += pass[test]
        skipped += skip[test]
        failed += fail[test] ? fail[test] : 1
        printf "   FAILED: %s\n%s", name, output[test]
    }
}

END {
    printf "counts %d %d %d\n", passed, failed, skipped
}
