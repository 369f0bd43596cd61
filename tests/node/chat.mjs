import OpenAI from "openai";

const client = new OpenAI({ apiKey: process.env.TOROUTER_KEY, baseURL: process.env.TOROUTER_URL + "/v1" });
const answer = await client.chat.completions.create({
  model: "gpt-5",
  messages: [{ role: "user", content: "Say hello to a router." }],
});
console.log(answer.choices[0].message.content);
