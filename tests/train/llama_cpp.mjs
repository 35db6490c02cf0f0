// llama.cpp, through node-llama-cpp: the tokens of texts, and what it finds most likely to follow
// each token of a sequence. LLAMA_FOLDER: where npm installed it.
//
// stdin: a JSON list of {model, adapter, texts, ids, context}; stdout: a list of {tokens, next},
// next being for each id of `ids` the two most likely tokens as [[id, probability], ...].
import {readFileSync} from "node:fs";
import {join} from "node:path";
import {pathToFileURL} from "node:url";

const entry = join(process.env.LLAMA_FOLDER, "node_modules/node-llama-cpp/dist/index.js");
const {getLlama} = await import(pathToFileURL(entry).href);
const llama = await getLlama({gpu: false, build: "never", logLevel: "error", maxThreads: 2});
const answers = [];
for (const job of JSON.parse(readFileSync(0, "utf8"))) {
    const model = await llama.loadModel({modelPath: job.model, gpuLayers: 0});
    const answer = {tokens: job.texts.map((text) => [...model.tokenize(text, false)])};
    const context = await model.createContext({
        contextSize: job.context, batchSize: job.context, threads: 2, lora: job.adapter ?? undefined,
    });
    const wanted = job.ids.map((id) => [id, {generateNext: {probabilities: true}}]);
    const results = await context.getSequence().controlledEvaluate(wanted);
    answer.next = results.map((r) => [...r.next.probabilities.entries()].slice(0, 2));
    answers.push(answer);
    await context.dispose();
    await model.dispose();
}
console.log(JSON.stringify(answers));
process.exit(0);
