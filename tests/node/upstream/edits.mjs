import OpenAI, { toFile } from "openai";

const client = new OpenAI({ apiKey: process.env.TOROUTER_KEY, baseURL: `${process.env.TOROUTER_URL}/v1` });

// The fields stand in the order in which they are written: the model's name comes behind a file of some size.
const image = await toFile(Buffer.alloc(3_000_000, 7), "cat.png", { type: "image/png" });
const resp = await client.images.edit({ image: [image], prompt: "a hat on its head", model: "gpt-image-1" });
if (!resp.data[0].b64_json) throw new Error("there is no image");
console.log(resp.data[0].b64_json.length);
