import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";

const apiKey = process.env.TOROUTER_KEY;
const address = process.env.TOROUTER_URL;
const lists = [
  [await new OpenAI({ apiKey, baseURL: address + "/v1" }).models.list(), (model) => model.id, "gpt-5"],
  [await new Anthropic({ apiKey, baseURL: address }).models.list(), (model) => model.id, "claude-opus-4-7"],
  [
    await new GoogleGenAI({ apiKey, httpOptions: { baseUrl: address } }).models.list(),
    (model) => model.name,
    "models/gemini-3-flash-preview",
  ],
];
for (const [list, name, wanted] of lists) {
  const names = [];
  for await (const model of list) names.push(name(model));
  if (!names.includes(wanted)) throw new Error(`${wanted} is not among ${names}`);
  console.log(names.length);
}
