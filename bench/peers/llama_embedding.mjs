// llama.cpp's embedding of a text of tokens by a model file, through npm's node-llama-cpp (3.22.1).
//
// npm install node-llama-cpp@3.22.1   (in a folder of its own; run this file from there)
// node llama_embedding.mjs MODEL.gguf TOKEN...     prints the numbers, scaled to length 1, in one line
import {getLlama} from "node-llama-cpp";

const [file, ...tokens] = process.argv.slice(2);
const llama = await getLlama({gpu: false, build: "never", logLevel: "error", maxThreads: 2});
const model = await llama.loadModel({modelPath: file, useMmap: true});
const context = await model.createEmbeddingContext({contextSize: 512, threads: 2, batchSize: 512});
const {vector} = await context.getEmbeddingFor(tokens.map(Number));
const length = Math.hypot(...vector);
console.log(vector.map((v) => (v / length).toPrecision(7)).join(" "));
process.exit(0);
