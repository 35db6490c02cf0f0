// How fast ONNX Runtime reads and writes with an exported model: DIR [PROMPT TOKENS] [WRITTEN].
//   npm install --prefix PEERS --ignore-scripts onnxruntime-node
//   ONNX_FOLDER=PEERS node onnx_speed.mjs DIR 512 32
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
const require = createRequire(process.env.ONNX_FOLDER + "/");
const { InferenceSession, Tensor } = require("onnxruntime-node");

const [dir, prompt = "512", written = "32"] = process.argv.slice(2);
const config = JSON.parse(readFileSync(dir + "/genai_config.json", "utf8")).model;
const { num_hidden_layers: layers, num_key_value_heads: heads, head_size: size } = config.decoder;
const session = await InferenceSession.create(dir + "/" + config.decoder.filename, {
  intraOpNumThreads: 2,
  logSeverityLevel: 3,
});
const int64 = (values) => new Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);

let cache = {};
for (let l = 0; l < layers; l++)
  for (const what of ["key", "value"])
    cache[`past_key_values.${l}.${what}`] =
      new Tensor("float32", new Float32Array(0), [1, heads, 0, size]);
let length = 0;
async function feed(ids) {
  length += ids.length;
  const out = await session.run({
    ...cache,
    input_ids: int64(ids),
    attention_mask: int64(new Array(length).fill(1)),
  });
  for (const name of Object.keys(out))
    if (name.startsWith("present.")) cache["past_key_values" + name.slice(7)] = out[name];
}
const ids = [...Array(Number(prompt)).keys()].map((i) => 1000 + ((i * 7919) % 20000));
let start = performance.now();
await feed(ids);
console.log(`reading ${prompt}: ${((1000 * Number(prompt)) / (performance.now() - start)).toFixed(1)} tokens/s`);
start = performance.now();
for (let i = 0; i < Number(written); i++) await feed([1000 + i]);
console.log(`writing ${written}: ${((1000 * Number(written)) / (performance.now() - start)).toFixed(1)} tokens/s`);
