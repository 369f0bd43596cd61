import os

from openai import OpenAI

client = OpenAI(api_key=os.environ["TOROUTER_KEY"], base_url=os.environ["TOROUTER_URL"] + "/v1")
stream = client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": "Count."}], stream=True)
for chunk in stream:
    delta = chunk.choices[0].delta.content      # fails on a chunk without choices: nobody asked for usage here
    if delta:
        print(delta, end="", flush=True)
