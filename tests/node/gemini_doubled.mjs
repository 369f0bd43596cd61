import { GoogleGenAI } from "@google/genai";

// The version belongs to the address in many guides; the library puts its own behind it.
const baseUrl = process.env.TOROUTER_URL + "/v1beta";
const client = new GoogleGenAI({ apiKey: process.env.TOROUTER_KEY, httpOptions: { baseUrl } });
const asked = { model: "gemini-3-flash-preview", contents: "Say hello to a router." };
const counted = await client.models.countTokens(asked);
if (!(counted.totalTokens > 0)) throw new Error(JSON.stringify(counted));
console.log((await client.models.generateContent(asked)).text);
for await (const chunk of await client.models.generateContentStream(asked)) process.stdout.write(chunk.text ?? "");
