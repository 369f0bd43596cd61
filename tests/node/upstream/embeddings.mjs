import OpenAI from "openai";

const client = new OpenAI({ apiKey: process.env.TOROUTER_KEY, baseURL: `${process.env.TOROUTER_URL}/v1` });

// The library asks for base64 by itself, and some of its versions read numbers as an empty vector.
const resp = await client.embeddings.create({ model: "text-embedding-3-small", input: "hello world" });
const vector = Array.from(resp.data[0].embedding);
if (vector.join() !== "0.5,1") throw new Error(`the vector is [${vector}]`);
console.log(vector);
