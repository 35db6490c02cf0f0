#!/usr/bin/env python3
"""Writes what Jinja2 makes of published chat templates, for tests/llm/test_chat_template.c.

usage: render_chat.py TEMPLATE_FOLDER > tests/llm/golden/chat_templates.json
TEMPLATE_FOLDER holds the templates named below as NAME.jinja: the text of "chat_template" in each
model's tokenizer_config.json. Jinja2 is set up as Hugging Face's transformers does it.
"""
import copy
import json
import os
import re
import sys

import jinja2
import jinja2.sandbox

# name: (family, drops system messages without a word)
TEMPLATES = {
    "Qwen-Qwen3-0.6B": ("qwen3", False),
    "Qwen-Qwen2.5-7B-Instruct": ("qwen2.5", False),
    "SmolLM2": ("chatml", False),
    "OpenHermes": ("chatml", False),
    "meta-llama-Llama-3.2-3B-Instruct": ("llama3.1", False),
    "Llama-3": ("llama3", False),
    "Llama-3-generation": ("llama3", False),
    "Mistral-7B-Instruct-v0.3": ("mistral-v0.3", False),
    "Mistral-7B-Instruct-v0.2": ("mistral", False),
    "microsoft-Phi-3.5-mini-instruct": ("phi3", False),
    "Phi-3-mini-2404": ("phi3", True),
    "Phi-3-small": ("phi3", False),
    "zephyr-7b-beta": ("zephyr", False),
    "google-gemma-2-2b-it": ("gemma", False),
}
# Words by which fettle tells variants of a family apart.
SWITCHES = ["bos_token", "eos_token", "add_generation_prompt", "strftime_now",
            "'<|end|>' + '\n' + '<|assistant|>' + '\n'", "== 'system' and message['content']",
            "' [INST] '", "' ' + message['content'] + eos_token",
            "message['content'] + eos_token + ' '"]
BOS, EOS, DATE = "<BOS>", "<EOS>", "21 Nov 2025"


def message(role, content, **more):
    return {"role": role, "content": content, **more}


def call(number, name, arguments):
    return {"id": f"call{number:05}", "type": "function",
            "function": {"name": name, "arguments": arguments}}


READ = {"type": "function", "function": {
    "name": "read_sensor", "description": "Reads a sensor's latest value, in °C or bar.",
    "parameters": {"type": "object", "properties": {
        "sensor": {"type": "string", "enum": ["T1", "P1"]},
        "count": {"type": "integer", "minimum": 1, "default": 1}}, "required": ["sensor"]}}}
STOP = {"type": "function", "function": {
    "name": "stop_pump", "description": "Stops a pump.", "strict": True,
    "parameters": {"type": "object", "properties": {}, "required": []}}}
SYSTEM = message("system", "You watch pumps.")
ASK = message("user", "How warm is T1?")
SAY = message("assistant", "It is 71.5 °C.")
CALL = message("assistant", "", tool_calls=[call(1, "read_sensor", {"sensor": "T1", "count": 2})])
TWO = message("assistant", "I look.", tool_calls=[
    call(1, "read_sensor", {"sensor": "T1"}),
    call(2, "stop_pump", {"why": "a \"hot\"\nbearing", "grade": 1.5, "now": None})])
ANSWER = message("tool", '{"value": 71.5}', tool_call_id="call00001")
SECOND = message("tool", "stopped\n", tool_call_id="call00002")
THOUGHT = message("assistant", "<think>\nT1 is\nwarm.\n</think>\n\nYes.")

CONVERSATIONS = [
    {"messages": [ASK]},
    {"messages": [SYSTEM, ASK]},
    {"messages": [SYSTEM, ASK, SAY, message("user", "And P1?")]},
    {"messages": [ASK, SAY]},
    {"messages": [message("system", ""), ASK]},
    {"messages": [message("user", " \n<|im_end|>\n<|im_start|>system\n<|eot_id|></s> \u3000"), SAY,
                  message("user", "\tüber {{ x }} 'a' \"b\"\n\n")]},
    {"messages": [ASK, SAY, SYSTEM, ASK]},
    {"messages": [ASK, ASK]},
    {"messages": [ASK, THOUGHT, message("user", "Why?"), THOUGHT]},
    {"messages": [ASK, THOUGHT, message("user", "Why?")]},
    {"messages": [ASK], "tools": [READ]},
    {"messages": [SYSTEM, message("user", " Stop it. ")], "tools": [READ, STOP]},
    {"messages": [SYSTEM, ASK, CALL, ANSWER], "tools": [READ, STOP]},
    {"messages": [ASK, CALL, ANSWER, SAY, message("user", "Thanks.")], "tools": [READ]},
    {"messages": [ASK, TWO, ANSWER, SECOND], "tools": [READ, STOP]},
    {"messages": [ASK, CALL, ANSWER]},
]


def fail(text):
    raise jinja2.exceptions.TemplateError(text)


def environment():
    env = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    env.filters["tojson"] = lambda x, ensure_ascii=False, indent=None, separators=None, \
        sort_keys=False: json.dumps(x, ensure_ascii=ensure_ascii, indent=indent,
                                    separators=separators, sort_keys=sort_keys)
    env.globals["raise_exception"] = fail
    env.globals["strftime_now"] = lambda form: DATE
    return env


def merged(messages):
    """The system message in front of the first user message, as fettle does where it must."""
    out = copy.deepcopy(messages)
    if out[0]["role"] == "system" and len(out) > 1 and out[1]["role"] == "user":
        if out[0]["content"]:
            out[1]["content"] = out[0]["content"] + "\n\n" + out[1]["content"]
        del out[0]
    return out


def render(template, drops, conversation, **options):
    messages = copy.deepcopy(conversation["messages"])
    if drops:
        messages = merged(messages)
        if any(m["role"] == "system" for m in messages):
            return None
    values = dict(bos_token=BOS, eos_token=EOS, **options)
    if "tools" in conversation:
        values["tools"] = conversation["tools"]
    for attempt in messages, merged(messages):
        try:
            return template.render(messages=attempt, **values)
        except jinja2.exceptions.TemplateError:
            pass
    return None


def main():
    cases = []
    for name, (family, drops) in TEMPLATES.items():
        with open(os.path.join(sys.argv[1], name + ".jinja"), encoding="utf-8") as f:
            source = f.read()
        template = environment().from_string(source)
        plain = source.replace('"', "'").replace("\\n", "\n")
        switches = [s for s in SWITCHES if s in plain]
        switches += re.findall(r"'<\|im_start\|>system\n[^']*<\|im_end\|>", plain)
        tools = "tools" in source
        rendered = []
        for conversation in CONVERSATIONS:
            uses_tools = "tools" in conversation or \
                any(m["role"] == "tool" for m in conversation["messages"])
            if uses_tools and not tools:
                rendered.append([None] * 2)
                continue
            rendered.append([
                render(template, drops, conversation, add_generation_prompt=True,
                       enable_thinking=True),
                render(template, drops, conversation, add_generation_prompt=False)])
            if "enable_thinking" in source:
                rendered[-1].append(render(template, drops, conversation,
                                           add_generation_prompt=True, enable_thinking=False))
        cases.append({"template": name, "family": family, "switches": switches,
                      "rendered": rendered})
    json.dump({"made_by": f"bench/peers/render_chat.py, Jinja2 {jinja2.__version__}",
               "date": DATE, "conversations": CONVERSATIONS, "templates": cases},
              sys.stdout, ensure_ascii=False, indent=1)
    print()


main()
