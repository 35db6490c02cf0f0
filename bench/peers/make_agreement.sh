#!/usr/bin/env bash
# Writes what llama.cpp makes of random models, for tests/llm/test_agreement.c.
# usage: make_agreement.sh NODE_FOLDER OUT_FOLDER [POSITIONS [LISTED [DIGITS [synth|peaked]]]]
#   from the repository's root; tests/llm/golden: no more arguments; tests/llm/golden/decided:
#   512 4 4 peaked; all of the distributions: 512 320 7 peaked, for llm_test_agreement FILE...
#   NODE_FOLDER: where `npm install node-llama-cpp@3.22.1` was run; build/bench/bench_model is used.
set -eu
node_folder=$1 out=$2 positions=${3:-24} listed=${4:-16} digits=${5:-7} kind=${6:-synth}
cp bench/peers/llama_probabilities.mjs "$node_folder/"
tokens=$(awk -v n="$positions" 'BEGIN { x = 7; for (i = 0; i < n; i++) { x = (x * 1103 + 12345) % 65536
    printf "%s%d", i ? " " : "", x % 256 } }')
model=$(mktemp --suffix=.gguf)
trap 'rm -f "$model"' EXIT
for like in tiny-llama tiny-qwen2 tiny-qwen3 tiny-phi3; do
    for type in F32 F16 BF16 Q8_0 Q4_0 Q4_1 Q5_0 Q5_1 Q2_K Q3_K Q4_K Q5_K Q6_K IQ4_NL IQ4_XS Q4_K_M; do
        case "$like-$type" in # all types once, the usual ones for all
        tiny-llama-* | *-F32 | *-Q8_0 | *-Q4_0 | *-Q4_K_M) ;;
        *) continue ;;
        esac
        build/bench/bench_model "$kind" "$like" "$type" 7 "$model"
        {
            echo "# node-llama-cpp 3.22.1, bench/peers/make_agreement.sh"
            echo "model $like $type 7 $kind"
            echo "tokens $tokens"
            (cd "$node_folder" && node llama_probabilities.mjs "$model" "$listed" "$digits" $tokens)
        } > "$out/$like-$type.txt"
    done
done
