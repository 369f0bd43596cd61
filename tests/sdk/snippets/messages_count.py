import os

from anthropic import Anthropic

client = Anthropic(api_key=os.environ["TOROUTER_KEY"], base_url=os.environ["TOROUTER_URL"])
asked = {"model": "claude-opus-4-7", "messages": [{"role": "user", "content": "How cold is it in Oslo?"}]}
plain, beta = client.messages.count_tokens(**asked), client.beta.messages.count_tokens(**asked)
assert plain.input_tokens == beta.input_tokens > 0
print(plain.input_tokens)
