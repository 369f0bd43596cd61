import os

from openai import OpenAI

client = OpenAI(api_key=os.environ["TOROUTER_KEY"], base_url=os.environ["TOROUTER_URL"] + "/v1")

resp = client.embeddings.create(model="openai/text-embedding-3-small", input="hello world")
print(resp.data[0].embedding, resp.usage.total_tokens)
