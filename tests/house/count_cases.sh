#!/usr/bin/env bash
# The counter of test cases counts each way a test can end: cases of cmocka, plain tests, crashes.
set -eu
cd "$(dirname "$0")/../.."
said=$(awk -f tools/count_cases.awk <<'LOG'
test 1
    Start 1: base.test_good
1: [==========] Running 3 test(s).
1: [ RUN      ] a
1: [       OK ] a
1: [==========] 3 test(s) run.
1: [  PASSED  ] 2 test(s).
1: [  SKIPPED ] 1 test(s), listed below:
1: [  SKIPPED ] c
 1/6 Test  #1: base.test_good ................   Passed    0.01 sec
2: [==========] Running 3 test(s).
2: [  ERROR   ] --- 1 != 2
2: [  FAILED  ] b
3: [==========] Running 9 test(s).
2: [  PASSED  ] 1 test(s).
2: [  FAILED  ] 2 test(s), listed below:
2: [  FAILED  ] b
2:  2 FAILED TEST(S)
 2/6 Test  #2: base.test_bad .................***Failed    0.01 sec
3: [ RUN      ] it_crashes
 3/6 Test  #3: base.test_crash ...............***Exception: SegFault  0.02 sec
 4/6 Test  #4: system.test_plain .............   Passed    1.00 sec
5: skipped: no such tool
 5/6 Test  #5: system.test_other .............***Skipped   0.01 sec
 6/6 Test #16: system.test_slow ..............***Timeout 300.00 sec
LOG
)
expected='   skipped: base.test_good (1 of 3 cases)
   FAILED: base.test_bad
[==========] Running 3 test(s).
[  ERROR   ] --- 1 != 2
[  FAILED  ] b
[  PASSED  ] 1 test(s).
[  FAILED  ] 2 test(s), listed below:
[  FAILED  ] b
 2 FAILED TEST(S)
   FAILED: base.test_crash
[==========] Running 9 test(s).
   skipped: system.test_other
   FAILED: system.test_slow
counts 4 4 2'
[ "$said" = "$expected" ] || { diff <(echo "$expected") <(echo "$said") && exit 1; }
