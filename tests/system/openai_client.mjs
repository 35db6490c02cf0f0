// A scripted conversation of OpenAI's own client with a running fettle.
//
// node openai_client.mjs URL TEXT_MODEL: prints a line for each step, ends with status 0 when all hold.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(process.env.OPENAI_FOLDER + "/");
const OpenAI = require("openai").OpenAI;
const [url, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL: url + "/v1", apiKey: "none", maxRetries: 0, timeout: 60000 });
const hello = [
    { role: "system", content: "You watch pumps." },
    { role: "user", content: "How is pump 3?" },
];
// A random model may end at once: the tokens that end an answer are forbidden.
const endless = { 257: -100, 262: -100 };
const base = { model, messages: hello, seed: 11, logit_bias: endless };

const steps = {
    async "the model is listed"() {
        const list = await client.models.list();
        assert.deepEqual(list.data.map((m) => m.id), [model]);
    },

    async "a chat is answered"() {
        const r = await client.chat.completions.create({ ...base, max_tokens: 12 });
        assert.equal(r.object, "chat.completion");
        assert.equal(r.choices[0].message.role, "assistant");
        assert.equal(r.choices[0].finish_reason, "length");
        assert.equal(r.usage.completion_tokens, 12);
        assert.equal(r.usage.total_tokens, r.usage.prompt_tokens + 12);
    },

    async "a seed makes it repeat, another does not"() {
        const ask = async (seed) =>
            (await client.chat.completions.create({ ...base, seed, max_tokens: 16 })).choices[0]
                .message.content;
        const first = await ask(1);
        assert.equal(await ask(1), first);
        assert.notEqual(await ask(2), first);
    },

    async "a stream says the same, with its usage at the end"() {
        const whole = await client.chat.completions.create({ ...base, max_tokens: 20 });
        const stream = await client.chat.completions.create({
            ...base,
            max_tokens: 20,
            stream: true,
            stream_options: { include_usage: true },
        });
        let text = "", finish = null, usage = null, role = null;
        for await (const piece of stream) {
            const choice = piece.choices[0];
            role ??= choice?.delta?.role ?? null;
            text += choice?.delta?.content ?? "";
            finish ??= choice?.finish_reason ?? null;
            usage ??= piece.usage ?? null;
        }
        assert.equal(text, whole.choices[0].message.content);
        assert.equal(role, "assistant");
        assert.equal(finish, "length");
        assert.equal(usage.completion_tokens, 20);
    },

    async "several choices differ and have their places"() {
        const r = await client.chat.completions.create({ ...base, n: 3, max_tokens: 12 });
        assert.deepEqual(r.choices.map((c) => c.index), [0, 1, 2]);
        assert.equal(new Set(r.choices.map((c) => c.message.content)).size, 3);
        assert.equal(r.usage.completion_tokens, 36);
    },

    async "a stop string ends the answer before it"() {
        const full = await client.completions.create({
            model, prompt: "abc", seed: 4, max_tokens: 40, logit_bias: endless,
        });
        const text = full.choices[0].text;
        const stop = Array.from(text).find((c) => c.charCodeAt(0) < 128 && c >= " ");
        assert.ok(stop, "the text has a plain character");
        const cut = await client.completions.create({
            model, prompt: "abc", seed: 4, max_tokens: 40, logit_bias: endless, stop: [stop],
        });
        assert.equal(cut.choices[0].finish_reason, "stop");
        assert.equal(cut.choices[0].text, text.slice(0, text.indexOf(stop)));
    },

    async "log probabilities come with the most likely tokens"() {
        const r = await client.chat.completions.create({
            ...base, temperature: 0, logprobs: true, top_logprobs: 3, max_tokens: 4,
        });
        const content = r.choices[0].logprobs.content;
        assert.equal(content.length, 4);
        for (const t of content) {
            assert.ok(t.logprob <= 0);
            assert.equal(t.top_logprobs.length, 3);
            assert.ok(t.top_logprobs[0].logprob >= t.top_logprobs[2].logprob);
        }
    },

    async "a JSON schema is followed"() {
        const r = await client.chat.completions.create({
            ...base,
            logit_bias: {},
            max_tokens: 200,
            response_format: {
                type: "json_schema",
                json_schema: {
                    name: "state",
                    strict: true,
                    schema: {
                        type: "object",
                        properties: {
                            state: { enum: ["ok", "worn", "broken"] },
                            alarm: { type: "boolean" },
                        },
                        required: ["state", "alarm"],
                        additionalProperties: false,
                    },
                },
            },
        });
        assert.equal(r.choices[0].finish_reason, "stop");
        const value = JSON.parse(r.choices[0].message.content);
        assert.ok(["ok", "worn", "broken"].includes(value.state));
        assert.equal(typeof value.alarm, "boolean");
    },

    async "a required tool is called, whole and streamed"() {
        const tools = ["get_pressure", "get_flow"].map((name) => ({
            type: "function",
            function: {
                name,
                description: "Reads a pump",
                parameters: {
                    type: "object",
                    properties: { pump: { enum: ["p1", "p2", "p3"] } },
                    required: ["pump"],
                    additionalProperties: false,
                },
            },
        }));
        const check = (call) => {
            assert.ok(["get_pressure", "get_flow"].includes(call.function.name));
            assert.ok(["p1", "p2", "p3"].includes(JSON.parse(call.function.arguments).pump));
        };
        const ask = { ...base, logit_bias: {}, max_tokens: 200, tools, tool_choice: "required" };
        const r = await client.chat.completions.create(ask);
        assert.equal(r.choices[0].finish_reason, "tool_calls");
        check(r.choices[0].message.tool_calls[0]);

        const named = await client.chat.completions.create({
            ...ask,
            tool_choice: { type: "function", function: { name: "get_flow" } },
        });
        assert.equal(named.choices[0].message.tool_calls[0].function.name, "get_flow");

        const runner = client.beta.chat.completions.stream(ask);
        const final = await runner.finalChatCompletion();
        check(final.choices[0].message.tool_calls[0]);

        const call = r.choices[0].message.tool_calls[0];
        const after = await client.chat.completions.create({
            ...base,
            tools,
            max_tokens: 5,
            messages: [
                ...hello,
                r.choices[0].message,
                { role: "tool", tool_call_id: call.id, content: '{"bar": 3.4}' },
            ],
        });
        assert.equal(after.usage.completion_tokens, 5);
    },

    async "tools are left alone with none"() {
        const r = await client.chat.completions.create({
            ...base,
            max_tokens: 5,
            tools: [{ type: "function", function: { name: "f", parameters: { type: "object" } } }],
            tool_choice: "none",
        });
        assert.equal(r.choices[0].message.tool_calls, undefined);
    },

    async "an aborted stream gives its place back"() {
        const stream = await client.chat.completions.create({ ...base, stream: true });
        let pieces = 0;
        for await (const piece of stream)
            if (piece && ++pieces === 3) stream.controller.abort();
        for (let i = 0; i < 200; i++) {
            const text = await (await fetch(url + "/api/v1/models")).json();
            if (text.models[0].serving.active === 0) return;
            await new Promise((done) => setTimeout(done, 50));
        }
        assert.fail("the answer is still being written");
    },

    async "a full queue is a RateLimitError"() {
        const all = await Promise.allSettled(
            Array.from({ length: 24 }, () =>
                client.chat.completions.create({ ...base, max_tokens: 1500 })));
        const refused = all.filter((r) => r.status === "rejected").map((r) => r.reason);
        assert.ok(refused.length > 0, "none was refused");
        for (const reason of refused) {
            assert.ok(reason instanceof OpenAI.RateLimitError, String(reason));
            assert.equal(reason.headers["retry-after"] ?? reason.headers.get?.("retry-after"), "1");
        }
        assert.ok(all.some((r) => r.status === "fulfilled"), "none was answered");
    },

    async "a prompt that is too long says both numbers"() {
        await assert.rejects(
            client.completions.create({ model, prompt: "a".repeat(5000), max_tokens: 1 }),
            (e) => e instanceof OpenAI.BadRequestError && e.code === "context_length_exceeded" &&
                /5000/.test(e.message) && /2048/.test(e.message));
    },

    async "an unknown model is a NotFoundError"() {
        await assert.rejects(client.chat.completions.create({ ...base, model: "gpt-4o" }),
            (e) => e instanceof OpenAI.NotFoundError && e.code === "model_not_found");
    },

    async "wrong values are BadRequestErrors that name the member"() {
        await assert.rejects(client.chat.completions.create({ ...base, temperature: 7 }),
            (e) => e instanceof OpenAI.BadRequestError && e.param === "temperature");
    },

    async "a model that writes makes no embeddings, and says so"() {
        await assert.rejects(client.embeddings.create({ model, input: "pump" }),
            (e) => e instanceof OpenAI.BadRequestError && e.param === "model");
    },
};

for (const [name, run] of Object.entries(steps)) {
    await run();
    console.log("ok " + name);
}
