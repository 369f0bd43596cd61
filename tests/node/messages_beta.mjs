import Anthropic from "@anthropic-ai/sdk";

// The beta part of the library puts ?beta=true behind the address before 1.0.
const client = new Anthropic({ apiKey: process.env.TOROUTER_KEY, baseURL: process.env.TOROUTER_URL });
const asked = { model: "claude-opus-4-7", messages: [{ role: "user", content: "Say hello to a router." }] };
const counted = await client.beta.messages.countTokens(asked);
if (!(counted.input_tokens > 0)) throw new Error(JSON.stringify(counted));
const message = await client.beta.messages.create({ ...asked, max_tokens: 256, betas: ["prompt-caching-2024-07-31"] });
console.log(message.content[0].text);
