#!/usr/bin/env bash
# Writes llama.cpp's embeddings by random encoders, for tests/llm/test_embedding.c.
# usage: make_embeddings.sh NODE_FOLDER OUT_FOLDER   from the repository's root
#   NODE_FOLDER: where `npm install node-llama-cpp@3.22.1` was run; build/bench/bench_model is used.
set -eu
node_folder=$1 out=$2
cp bench/peers/llama_embedding.mjs "$node_folder/"
model=$(mktemp --suffix=.gguf)
trap 'rm -f "$model"' EXIT
for pair in tiny-bert:F32 tiny-bert:F16 tiny-bert:Q8_0 tiny-bert:Q4_0 tiny-bge:F32 tiny-bge:Q4_K_M; do
    like=${pair%:*} type=${pair#*:}
    build/bench/bench_model synth "$like" "$type" 7 "$model"
    {
        echo "# node-llama-cpp 3.22.1, bench/peers/make_embeddings.sh"
        echo "model $like $type 7"
        for length in 1 17 200; do
            tokens=$(awk -v n="$length" 'BEGIN { x = 7; printf "2"; for (i = 0; i < n; i++) {
                x = (x * 1103 + 12345) % 65536; printf " %d", 5 + x % 188 } print " 3" }')
            echo "tokens $tokens"
            (cd "$node_folder" && node llama_embedding.mjs "$model" $tokens)
        done
    } > "$out/$like-$type.txt"
done
