import os

from anthropic import Anthropic

# The beta part of the library puts ?beta=true behind the address up to 1.x.
client = Anthropic(api_key=os.environ["TOROUTER_KEY"], base_url=os.environ["TOROUTER_URL"])
message = client.beta.messages.create(
    model="claude-opus-4-7",
    max_tokens=256,
    betas=["prompt-caching-2024-07-31", "extended-cache-ttl-2025-04-11"],
    messages=[{"role": "user", "content": [{"type": "text", "text": "Say hello to a router.", "cache_control": {"type": "ephemeral"}}]}],
)
print(message.content[0].text)
