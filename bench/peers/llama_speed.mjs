// llama.cpp's speed by order, through npm's node-llama-cpp (3.22.1); the commands of bench_ask.c.
//
// npm install node-llama-cpp@3.22.1   (in a folder of its own; run this file from there)
// node llama_speed.mjs MODEL.gguf [THREADS [f16|q8_0]]
import {getLlama} from "node-llama-cpp";
import readline from "node:readline";

const [file, threads = "2", cache = "f16"] = process.argv.slice(2);
const llama = await getLlama({gpu: false, build: "never", logLevel: "error", maxThreads: Number(threads)});
const started = performance.now();
const model = await llama.loadModel({modelPath: file, useMmap: true});
console.log(((performance.now() - started) / 1000).toFixed(3));
const contextSize = Math.min(5000, model.trainContextSize);
const type = cache.toUpperCase();
const context = await model.createContext(
    {contextSize, threads: Number(threads), batchSize: 512, flashAttention: true,
     experimentalKvCacheKeyType: type, experimentalKvCacheValueType: type});
const sequence = context.getSequence();
const text = (n) => Array.from({length: n}, (_, i) => ((n - i) * 37) % 256);
const one = {temperature: 0, yieldEogToken: true};

async function prefill(n) {
    await sequence.clearHistory();
    const start = performance.now();
    await sequence.evaluateWithoutGeneratingNewTokens(text(n));
    return performance.now() - start;
}

// The answers are picked greedily: llama.cpp's own argmax is within the time.
async function decode(depth, n) {
    const have = sequence.nextTokenIndex;
    if (have > depth) await sequence.eraseContextTokenRanges([{start: depth, end: have}]);
    if (have < depth) await sequence.evaluateWithoutGeneratingNewTokens(text(depth - have));
    let start = 0, count = -1;
    for await (const token of sequence.evaluate([97], one)) {
        if (count < 0) start = performance.now();
        if (++count === n) break;
    }
    return performance.now() - start;
}

for await (const line of readline.createInterface({input: process.stdin})) {
    const [command, a, b] = line.split(" ");
    const ms = command === "prefill" ? await prefill(Number(a)) : await decode(Number(a), Number(b));
    console.log((ms / 1000).toFixed(6));
}
process.exit(0);
