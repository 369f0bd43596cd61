import OpenAI from "openai";

const client = new OpenAI({ apiKey: process.env.TOROUTER_KEY, baseURL: process.env.TOROUTER_URL + "/v1" });
const stream = await client.chat.completions.create({
  model: "gpt-5",
  messages: [{ role: "user", content: "Count." }],
  stream: true,
});
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
}
