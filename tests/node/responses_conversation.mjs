import assert from "node:assert/strict";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.env.TOROUTER_URL + "/v1", apiKey: process.env.TOROUTER_KEY });
const conversation = await client.conversations.create({ metadata: { topic: "demo" } });
const answer = await client.responses.create({
  model: "sandbox/echo", input: "Hello!", conversation: { id: conversation.id },
});
assert.equal(answer.conversation.id, conversation.id);
await client.conversations.items.create(conversation.id, { items: [{ role: "user", content: "And?" }] });
const roles = [];
for await (const item of client.conversations.items.list(conversation.id, { order: "asc", limit: 2 })) roles.push(item.role);
assert.deepEqual(roles, ["user", "assistant", "user"]);
const kinds = [];
for await (const event of await client.responses.retrieve(answer.id, { stream: true })) kinds.push(event.type);
assert.equal(kinds.at(-1), "response.completed");
await assert.rejects(client.responses.create({ model: "sandbox/echo", input: "hi", conversation: "conv_0" }), OpenAI.NotFoundError);
const gone = await client.conversations.delete(conversation.id);
console.log(answer.output_text, gone.deleted);
