// Runs an exported model in ONNX Runtime: DIR PROMPT STEPS, where PROMPT is a JSON array of ids.
// Reads the prompt at once, then writes STEPS tokens greedily through the cache. Prints the tokens
// and the logits that each was chosen by, as JSON.
import { createRequire } from "node:module";
const require = createRequire(process.env.ONNX_FOLDER + "/");
const { InferenceSession, Tensor } = require("onnxruntime-node");
import { readFileSync } from "node:fs";

const [dir, prompt, steps] = process.argv.slice(2);
const config = JSON.parse(readFileSync(dir + "/genai_config.json", "utf8")).model;
const decoder = config.decoder;
const names = (pattern) =>
  [...Array(decoder.num_hidden_layers).keys()].map((l) => pattern.replace("%d", l));
const session = await InferenceSession.create(dir + "/" + decoder.filename, { logSeverityLevel: 3 });
const int64 = (values) => new Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);

let input = JSON.parse(prompt);
const all = [...input], tokens = [], logits = [];
const cache = {};
const empty = [1, decoder.num_key_value_heads, 0, decoder.head_size];
for (const pattern of [decoder.inputs.past_key_names, decoder.inputs.past_value_names])
  for (const name of names(pattern)) cache[name] = new Tensor("float32", new Float32Array(0), empty);
for (let step = 0; step < Number(steps); step++) {
  const feeds = { ...cache };
  feeds[decoder.inputs.input_ids] = int64(input);
  feeds[decoder.inputs.attention_mask] = int64(all.map(() => 1));
  const out = await session.run(feeds);
  const row = out[decoder.outputs.logits].data.slice(-config.vocab_size);
  const token = row.indexOf(row.reduce((a, b) => Math.max(a, b), -Infinity));
  tokens.push(token);
  logits.push(Array.from(row));
  all.push(token);
  input = [token];
  for (const [present, past] of [
    [decoder.outputs.present_key_names, decoder.inputs.past_key_names],
    [decoder.outputs.present_value_names, decoder.inputs.past_value_names],
  ])
    names(present).forEach((name, l) => (cache[names(past)[l]] = out[name]));
}
console.log(JSON.stringify({ tokens, logits }));
