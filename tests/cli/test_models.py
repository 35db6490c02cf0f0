"""fettle model, complete: real runs on small random models, wrong input, JSON."""
import json
import math
import os
import subprocess
import sys
import tempfile
import unittest

FETTLE = os.environ["FETTLE"]
OK, USAGE, INPUT, NOT_FOUND = 0, 2, 3, 4  # exit codes


def run(*args, cwd=None, stdin=""):
    r = subprocess.run([FETTLE, *args], capture_output=True, cwd=cwd, input=stdin.encode(),
                       timeout=60)
    return r.returncode, r.stdout.decode("utf-8"), r.stderr.decode("utf-8")


def read(path):
    with open(path, "rb") as f:
        return f.read()


class Models(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.dir = cls.folder.name
        os.makedirs(os.path.join(cls.dir, "data", "models"))
        cls.model = os.path.join(cls.dir, "data", "models", "tiny.gguf")
        code, _, err = run("model", "synth", "--like", "tiny-chat", "--type", "Q8_0", cls.model)
        assert code == OK, err
        cls.text = os.path.join(cls.dir, "text.txt")
        with open(cls.text, "w") as f:
            f.write("the pump hums and the fan turns\n")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def json(self, *args):
        code, out, err = run(*args, "--json")
        self.assertEqual(code, OK, err)
        return json.loads(out)

    def refused(self, want, word, *args):
        code, out, err = run(*args, cwd=self.dir)
        self.assertEqual((code, out), (want, ""), err)
        self.assertIn(word, err)

    def damaged(self, name, old, new):
        path = os.path.join(self.dir, name)
        with open(path, "wb") as f:
            f.write(read(self.model).replace(old, new, 1))
        return path

    def test_info_says_why_a_model_cannot_run(self):
        self.assertIsNone(self.json("model", "info", self.model)["cannot_run"])
        for name, old, new, why in (
                ("key.gguf", b".block_count", b".block_caunt", "block_count' is missing"),
                ("tensor.gguf", b"token_embd.weight", b"token_embt.weight",
                 "tensor 'token_embd.weight' is missing"),
                ("shape.gguf", b"blk.0.ffn_down.weight", b"blk.0.ffn_dawn.weight",
                 "tensor 'blk.0.ffn_down.weight' is missing")):
            path = self.damaged(name, old, new)
            self.assertIn(why, self.json("model", "info", path)["cannot_run"])
            code, out, err = run("model", "info", path)
            self.assertEqual((code, err), (OK, ""))
            self.assertIn(why, out)
            self.assertNotIn(" 0 layers", out)

    def test_a_file_that_was_cut_short_is_told_as_such(self):
        for n in (300, len(read(self.model)) // 2):
            path = os.path.join(self.dir, "cut.gguf")
            with open(path, "wb") as f:
                f.write(read(self.model)[:n])
            self.refused(INPUT, "is the file complete?", "model", "info", path)

    def test_synth_writes_the_same_bytes_for_the_same_seed(self):
        paths = [os.path.join(self.dir, name) for name in ("a.gguf", "b.gguf", "c.gguf")]
        for path, seed in zip(paths, "112"):
            self.assertEqual(run("model", "synth", "--like", "tiny-llama", "--type", "Q4_0",
                                 "--seed", seed, path)[0], OK)
        a, b, c = (read(path) for path in paths)
        self.assertEqual(a, b)
        self.assertNotEqual(a, c)

    def test_synth_refuses_what_it_does_not_know(self):
        self.refused(NOT_FOUND, "tiny-qwen3", "model", "synth", "--like", "nothing", "x.gguf")
        self.refused(NOT_FOUND, "Q9", "model", "synth", "--like", "tiny-chat", "--type", "Q9",
                     "x.gguf")
        self.assertFalse(os.path.exists(os.path.join(self.dir, "x.gguf")))

    def test_info_tells_shape_and_memory(self):
        info = self.json("model", "info", self.model, "--context", "1024")
        self.assertEqual((info["architecture"], info["layers"], info["context"]),
                         ("qwen2", 2, 4096))
        self.assertEqual(info["bytes"], os.path.getsize(self.model))
        # halves of keys and values: tokens x layers x 2 x KV heads x head size x 2 bytes
        self.assertEqual(info["cache_bytes"], 1024 * 2 * 2 * 2 * 64 * 2)
        self.assertIn("qwen2.5", run("model", "info", self.model)[1])

    def test_info_refuses_what_is_no_model(self):
        self.refused(NOT_FOUND, "nope.gguf", "model", "info", "nope.gguf")
        self.refused(INPUT, "byte 0", "model", "info", "text.txt")
        cut = os.path.join(self.dir, "cut.gguf")
        with open(cut, "wb") as f:
            f.write(read(self.model)[:os.path.getsize(self.model) // 2])
        code, out, err = run("model", "info", cut)
        self.assertNotEqual(code, OK)
        self.assertIn("cut.gguf", err)

    def test_list_names_the_models_of_the_data_folder(self):
        models = self.json("model", "list", "--data", os.path.join(self.dir, "data"))
        self.assertEqual(len(models), 1)
        self.assertIn("tiny", json.dumps(models))
        self.assertEqual(self.json("model", "list", "--data", self.dir), [])

    def test_bench_measures_reading_and_writing(self):
        result = self.json("model", "bench", self.model, "--pp", "16", "--tg", "4", "--repeats",
                           "1", "--threads", "1", "--depth", "0", "--depth", "32")
        text = json.dumps(result)
        for word in ("pp", "tg", "32"):
            self.assertIn(word, text)
        self.refused(NOT_FOUND, "nope.gguf", "model", "bench", "nope.gguf")

    def test_perplexity_is_the_exponential_of_the_loss(self):
        r = self.json("model", "perplexity", self.model, "--text", self.text)
        self.assertAlmostEqual(r["perplexity"], math.exp(r["loss"]), delta=1e-6 * r["perplexity"])
        self.assertGreater(r["perplexity"], 100)  # random weights know nothing of 320 tokens
        again = self.json("model", "perplexity", self.model, "--text", self.text, "--against",
                          self.model)
        self.assertIn("perplexity", again)
        self.refused(NOT_FOUND, "nope.txt", "model", "perplexity", self.model, "--text", "nope.txt")

    def test_one_model_too_many_is_named(self):
        self.refused(USAGE, "'b.gguf' is one too many", "model", "quantize", "a.gguf", "b.gguf")

    def test_a_kind_that_is_none_lists_those_there_are(self):
        self.refused(USAGE, "perplexity", "model", "bogus")
        self.refused(USAGE, "", "model", "info")

    # ---- complete ----

    def complete(self, *args):
        return self.json("complete", "-m", self.model, "-t", "1", *args)

    def test_complete_repeats_with_its_seed(self):
        texts = [self.complete("-p", "abc", "-n", "20", "--seed", seed)["text"] for seed in "112"]
        self.assertEqual(texts[0], texts[1])
        self.assertNotEqual(texts[0], texts[2])

    def test_complete_says_the_same_without_lookup(self):
        args = ("-p", "abcabcabcabc", "-n", "60", "--temperature", "0")
        self.assertEqual(self.complete(*args)["text"], self.complete(*args, "--no-lookup")["text"])

    def test_complete_ends_for_a_reason(self):
        r = self.complete("-p", "abc", "-n", "5", "--temperature", "0")
        self.assertEqual((r["finish_reason"], r["tokens"], r["prompt_tokens"]), ("length", 5, 3))

    def test_complete_follows_a_schema_and_a_grammar(self):
        schema, grammar = (os.path.join(self.dir, n) for n in ("s.json", "g.gbnf"))
        with open(schema, "w") as f:
            f.write('{"type":"object","properties":{"on":{"type":"boolean"}},"required":["on"],'
                    '"additionalProperties":false}')
        with open(grammar, "w") as f:
            f.write('root ::= "pump " [0-9]{2}')
        self.assertIn(json.loads(self.complete("-p", "a", "--json-schema", schema)["text"])["on"],
                      (True, False))
        self.assertRegex(self.complete("-p", "a", "--grammar", grammar)["text"], r"^pump \d\d$")
        with open(grammar, "w") as f:
            f.write('root ::= "a\nb"')
        self.refused(INPUT, "line 1", "complete", "-m", self.model, "-p", "a", "--grammar", grammar)
        self.refused(USAGE, "exclude", "complete", "-m", self.model, "-p", "a", "--grammar",
                     grammar, "--json-schema", schema)

    def test_complete_takes_an_adapter(self):
        self.refused(NOT_FOUND, "nope.gguf", "complete", "-m", self.model, "-p", "a", "--adapter",
                     "nope.gguf:0.5")
        self.refused(INPUT, "adapter", "complete", "-m", self.model, "-p", "a", "--adapter",
                     self.model)

    def test_complete_reads_a_file_and_refuses_what_is_missing(self):
        from_file = self.complete("-f", self.text, "-n", "9")
        as_option = self.complete("-p", read(self.text).decode(), "-n", "9")
        self.assertEqual((from_file["prompt_tokens"], from_file["text"]),
                         (as_option["prompt_tokens"], as_option["text"]))
        self.refused(USAGE, "-m FILE", "complete", "-p", "a")
        self.refused(USAGE, "-p TEXT", "complete", "-m", self.model)
        self.refused(USAGE, "--cache", "complete", "-m", self.model, "-p", "a", "--cache", "f32")
        self.refused(NOT_FOUND, "nope.gguf", "complete", "-m", "nope.gguf", "-p", "a")
        code, out, err = run("complete", "-m", self.model, "-p", "x" * 200, "-c", "64")
        self.assertNotEqual(code, OK)
        self.assertIn("200", err)
        self.assertIn("64", err)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
