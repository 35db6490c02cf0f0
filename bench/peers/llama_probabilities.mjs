// llama.cpp's next-token probabilities for a model file, through npm's node-llama-cpp (3.22.1).
//
// npm install node-llama-cpp@3.22.1   (in a folder of its own; run this file from there)
// node llama_probabilities.mjs MODEL.gguf COUNT DIGITS TOKEN...
// One line per token: its position, then the COUNT most likely next tokens as id:probability.
import {getLlama} from "node-llama-cpp";

const [file, count, digits, ...tokens] = process.argv.slice(2);
const llama = await getLlama({gpu: false, build: "never", logLevel: "error", maxThreads: 2});
const model = await llama.loadModel({modelPath: file, useMmap: true});
const context = await model.createContext({contextSize: 1024, threads: 2, batchSize: 512});
const sequence = context.getSequence();
const wanted = tokens.map((t) => [Number(t), {generateNext: {probabilities: true}}]);
const results = await sequence.controlledEvaluate(wanted);
results.forEach((result, position) => {
    const best = [...result.next.probabilities.entries()].slice(0, Number(count));
    console.log(position + " " + best.map(([id, p]) => `${id}:${p.toPrecision(Number(digits))}`).join(" "));
});
process.exit(0);
