import os

from anthropic import Anthropic

client = Anthropic(api_key=os.environ["TOROUTER_KEY"], base_url=os.environ["TOROUTER_URL"])
with client.messages.stream(model="claude-opus-4-7", max_tokens=256, messages=[{"role": "user", "content": "Count."}]) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
