import OpenAI from "openai";

const client = new OpenAI({ apiKey: process.env.TOROUTER_KEY, baseURL: process.env.TOROUTER_URL + "/v1" });
const stream = await client.responses.create({ model: "gpt-5", input: "Count.", stream: true });
for await (const event of stream) {
  if (event.type === "response.output_text.delta") process.stdout.write(event.delta);
}
