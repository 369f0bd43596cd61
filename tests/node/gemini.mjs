import { GoogleGenAI } from "@google/genai";

const client = new GoogleGenAI({ apiKey: process.env.TOROUTER_KEY, httpOptions: { baseUrl: process.env.TOROUTER_URL } });
const answer = await client.models.generateContent({ model: "gemini-3-flash-preview", contents: "Say hello to a router." });
console.log(answer.text);
