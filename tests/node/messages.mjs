import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ apiKey: process.env.TOROUTER_KEY, baseURL: process.env.TOROUTER_URL });
const message = await client.messages.create({
  model: "claude-opus-4-7",
  max_tokens: 256,
  messages: [{ role: "user", content: "Say hello to a router." }],
});
console.log(message.content[0].text);
