import OpenAI from "openai";

const client = new OpenAI({ apiKey: process.env.TOROUTER_KEY, baseURL: process.env.TOROUTER_URL + "/v1" });
const answer = await client.responses.create({ model: "gpt-5", input: "Say hello to a router." });
console.log(answer.output_text);
const after = await client.responses.create({ model: "gpt-5", input: "Once more.", previous_response_id: answer.id });
console.log(after.output_text);
