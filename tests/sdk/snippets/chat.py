import os

from openai import OpenAI

client = OpenAI(api_key=os.environ["TOROUTER_KEY"], base_url=os.environ["TOROUTER_URL"] + "/v1")
answer = client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": "Say hello to a router."}])
print(answer.choices[0].message.content)
