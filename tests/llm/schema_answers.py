#!/usr/bin/env python3
"""Random answers under JSON Schemas, written by llm_random_answers, against Python's jsonschema.

usage: schema_answers.py LLM_RANDOM_ANSWERS   (FETTLE_DATA names the folder with tokenizers/)
Exit status 77: jsonschema or the vocabulary is not there.
"""
import json
import os
import subprocess
import sys
import tempfile

try:
    import jsonschema
    Validator = jsonschema.Draft202012Validator
except (ImportError, AttributeError):
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

COUNT = 40


def items(schema, least=3):
    return {"type": "array", "items": schema, "minItems": least, "maxItems": 6}


def numbers(**bounds):
    return items(dict(type="number", **bounds))


def integers(**bounds):
    return items(dict(type="integer", **bounds))


NODE = {"type": "object", "required": ["v"], "additionalProperties": False, "properties": {
    "v": {"type": "integer"}, "kids": {"type": "array", "items": {"$ref": "#/$defs/node"}}}}
SCHEMAS = {
    "object": {"type": "object", "properties": {
        "a": {"type": "string"}, "b": {"type": "integer"}, "c": {"type": "boolean"}},
        "required": ["b"], "additionalProperties": False},
    "additional": {"type": "object", "properties": {
        "a": {"type": "string"}, "ab": {"type": "null"}, "é": {"type": "null"}},
        "additionalProperties": {"type": "integer"}},
    "anything": True,
    "any object": {"type": "object"},
    "required only": {"required": ["x", "y"], "properties": {"y": {"type": "integer"}}},
    "integers": integers(minimum=-17, maximum=1234),
    "integers, exclusive": integers(exclusiveMinimum=98, exclusiveMaximum=10003),
    "integers below zero": integers(minimum=-5040, maximum=-399),
    "numbers": numbers(minimum=0, maximum=1),
    "numbers, exclusive": numbers(exclusiveMinimum=-3, exclusiveMaximum=12),
    "numbers below zero": numbers(minimum=-30, exclusiveMaximum=-7),
    "numbers above zero": numbers(exclusiveMinimum=0),
    "lengths": items({"type": "string", "minLength": 2, "maxLength": 5}, 1),
    "pattern": items({"pattern": "^(ab|[^x-z\"\\\\]{2,3}\\d+)\\s?$"}, 1),
    "pattern inside": {"pattern": "b+[;,]|^\\\\|\\u00e9$"},
    "formats": {"type": "object", "required": ["d", "u", "i", "e"], "properties": {
        "d": {"format": "date"}, "u": {"format": "uuid"}, "i": {"format": "ipv4"},
        "e": {"format": "email"}}},
    "enum": {"enum": ["a\"\n", 1, 2.5, None, True, {"x": [1, {}]}, "é"]},
    "anyOf": {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "integer"},
                        {"const": {"k": []}}]},
    "oneOf by tag": {"oneOf": [
        {"type": "object", "properties": {"t": {"const": "a"}, "n": {"type": "integer"}},
         "required": ["t"]},
        {"type": "object", "properties": {"t": {"enum": ["b", "c"]}}, "required": ["t"]}]},
    "oneOf by members": {"oneOf": [
        {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
        {"properties": {"b": {"type": "integer"}}, "required": ["b"]}]},
    "anyOf beside": {"properties": {"a": {"type": "null"}, "b": {"type": "null"}},
                     "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
    "allOf": {"allOf": [{"$ref": "#/$defs/base"},
                        {"properties": {"z": {"type": "integer", "minimum": 3}},
                         "required": ["z"]}],
              "$defs": {"base": {"type": "object", "required": ["n"], "properties": {
                  "n": {"type": "string"}, "z": {"type": "number", "maximum": 9}}}}},
    "tree": {"$ref": "#/$defs/node", "$defs": {"node": NODE}},
    "prefix": {"type": "array", "minItems": 2, "maxItems": 5, "items": {"type": "null"},
               "prefixItems": [{"type": "string"}, {"type": "integer"}, {"type": "boolean"}]},
    "prefix alone": {"prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
    "types": {"type": ["integer", "null", "array"], "items": {"type": "boolean"}},
}


def restore(line):
    """Line breaks between values, which llm_random_answers writes as \\n, which strings never hold."""
    out, at, inside = "", 0, False
    while at < len(line):
        c = line[at]
        if c == "\\":
            out += line[at:at + 2] if inside else "\n"
            at += 1
        else:
            out += c
            inside ^= c == '"'
        at += 1
    return out


def check(name, schema, answers):
    validator = Validator(schema, format_checker=jsonschema.FormatChecker())
    for answer in answers:
        try:
            validator.validate(json.loads(restore(answer)))
        except (ValueError, jsonschema.ValidationError) as error:
            return f"{name}: {restore(answer)!r}: {error}"
    return None if len(answers) > COUNT / 8 else f"{name}: only {len(answers)} whole answers"


def main():
    data = os.environ.get("FETTLE_DATA", "../shared/data")
    vocabulary = os.path.join(data, "tokenizers", "rebuilt-vocab-qwen2.gguf")
    if not os.path.exists(vocabulary):
        print("skipped: no vocabulary")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, f"{i}.json") for i in range(len(SCHEMAS))]
        for path, schema in zip(paths, SCHEMAS.values()):
            with open(path, "w", encoding="utf-8") as f:
                json.dump(schema, f)
        said = subprocess.run([sys.argv[1], vocabulary, str(COUNT), *paths], capture_output=True,
                              check=False)
    if said.returncode:
        print(said.stderr.decode())
        sys.exit(1)
    parts = said.stdout.decode("utf-8").split("==\n")[1:]
    failures = [check(name, schema, [line for line in part.split("\n") if line])
                for (name, schema), part in zip(SCHEMAS.items(), parts)]
    failures = [f for f in failures if f]
    print("\n".join(failures) or f"answers under {len(parts)} schemas are valid")
    sys.exit(1 if failures or len(parts) != len(SCHEMAS) else 0)


main()
