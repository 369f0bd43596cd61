import base64
import os

from openai import OpenAI

client = OpenAI(api_key=os.environ["TOROUTER_KEY"], base_url=os.environ["TOROUTER_URL"] + "/v1")

resp = client.images.generate(model="gpt-image-1", prompt="a haiku about routers, in ink")
print(len(base64.b64decode(resp.data[0].b64_json)))

resp = client.images.edit(model="gpt-image-1", prompt="a hat on its head", image=[("a.png", b"\x89PNG", "image/png")])
print(len(base64.b64decode(resp.data[0].b64_json)))
