import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ apiKey: process.env.TOROUTER_KEY, baseURL: process.env.TOROUTER_URL });
const stream = client.messages.stream({
  model: "claude-opus-4-7",
  max_tokens: 256,
  messages: [{ role: "user", content: "Count." }],
});
stream.on("text", (text) => process.stdout.write(text));
await stream.finalMessage();
