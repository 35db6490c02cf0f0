// Tokens of texts by Hugging Face's tokenizers: DIR FILE, where FILE is a JSON array of texts.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
const require = createRequire(process.env.ONNX_FOLDER + "/");
const { Tokenizer } = require("@huggingface/tokenizers");

const [dir, file] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const tokenizer = new Tokenizer(read(dir + "/tokenizer.json"), read(dir + "/tokenizer_config.json"));
const all = read(file).map((text) => Array.from(tokenizer.encode(text, { add_special_tokens: false }).ids));
console.log(JSON.stringify(all));
