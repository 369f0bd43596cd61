import os

from anthropic import Anthropic

client = Anthropic(api_key=os.environ["TOROUTER_KEY"], base_url=os.environ["TOROUTER_URL"])
message = client.messages.create(model="claude-opus-4-7", max_tokens=256, messages=[{"role": "user", "content": "Say hello to a router."}])
print(message.content[0].text)
