#!/usr/bin/env bash
# Makes a model of the kind that ships (docs/models.md compares both), as fettle-nano.gguf in the
# folder given (default ./nano): data, tokenizer, two stages of training, their mean, weights of 8
# bits, evaluation. Its 35 million tokens take an hour and a half on the two cores of docs/models.md.
# Stopped or killed, it goes on where it was when it is started again.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
fettle=${FETTLE:-$root/build/fettle}
mkdir -p "${1:-nano}" && cd "${1:-nano}"

make_data() { # FILE, then options of fettle generate
    [ -e "$1" ] || { "$fettle" generate "${@:2}" --out "$1.part" && mv "$1.part" "$1"; }
}
train() { # CONFIG FILE
    local resume=()
    [ -e "$2" ] && [ ! -e "${2%.gguf}.checkpoint.gguf" ] && return
    [ ! -e "${2%.gguf}.checkpoint.gguf" ] || resume=(--resume)
    "$fettle" train lm "$root/configs/$1" --out "$2" "${resume[@]}"
}

make_data prepared-1.jsonl diagnostics --form prepared --count 140000 --seed 11
make_data raw-1.jsonl diagnostics --form raw --count 4000 --seed 12
make_data summaries-1.jsonl summaries --count 16000 --seed 1
make_data incidents-1.jsonl incidents --count 14000 --seed 1
make_data all-2.jsonl diagnostics --form prepared --count 40000 --seed 21
make_data summaries-2.jsonl summaries --count 3000 --seed 2
make_data incidents-2.jsonl incidents --count 2500 --seed 2
first() { # COUNT PATTERN: of all-2.jsonl, the first lines that have it
    grep -E -m "$1" "$2" all-2.jsonl
}
first 3000 '"state":"fault"' >fault-2.jsonl
first 1600 '"state":"normal"' >normal-2.jsonl
first 4200 '"state":"incomplete"' >incomplete-2.jsonl
make_data valid-prepared.jsonl diagnostics --form prepared --count 200 --seed 3 --split valid
make_data valid-raw.jsonl diagnostics --form raw --count 40 --seed 3 --split valid
make_data valid-summaries.jsonl summaries --count 60 --seed 3 --split valid
make_data valid-incidents.jsonl incidents --count 60 --seed 3 --split valid
make_data eval-raw.jsonl diagnostics --form raw --count 2000 --seed 1 --split eval
make_data eval-summaries.jsonl summaries --count 500 --seed 1 --split eval
make_data eval-incidents.jsonl incidents --count 500 --seed 1 --split eval
cat valid-prepared.jsonl valid-raw.jsonl valid-summaries.jsonl valid-incidents.jsonl >valid.jsonl
{ head -15000 prepared-1.jsonl && head -3000 raw-1.jsonl && head -4000 summaries-1.jsonl &&
    head -3000 incidents-1.jsonl; } >tokens.jsonl

[ -e tokenizer.gguf ] || "$fettle" train tokenizer tokens.jsonl --vocab 2048 --out tokenizer.gguf
train nano.yaml stage-1.gguf
train nano-2.yaml stage-2.gguf
rm -f mean.gguf fettle-nano.gguf
"$fettle" model average stage-1.gguf stage-2.gguf --out mean.gguf
"$fettle" model quantize mean.gguf --type Q8_0 --out fettle-nano.gguf

"$fettle" eval diagnostics eval-raw.jsonl --model fettle-nano.gguf | grep -v ' fails '
"$fettle" eval diagnostics eval-raw.jsonl --model fettle-nano.gguf --raw | grep -v ' fails '
"$fettle" eval diagnostics "$root/tests/quality/diagnoses.jsonl" --model fettle-nano.gguf --checked |
    grep -v ' fails '
"$fettle" eval diagnostics eval-incidents.jsonl --model fettle-nano.gguf --checked |
    grep -v ' fails '
"$fettle" eval summaries eval-summaries.jsonl --model fettle-nano.gguf | grep -v ' fails '
