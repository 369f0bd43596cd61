import { GoogleGenAI } from "@google/genai";

const client = new GoogleGenAI({ apiKey: process.env.TOROUTER_KEY, httpOptions: { baseUrl: process.env.TOROUTER_URL } });
const stream = await client.models.generateContentStream({ model: "gemini-3-flash-preview", contents: "Count." });
for await (const chunk of stream) process.stdout.write(chunk.text ?? "");
