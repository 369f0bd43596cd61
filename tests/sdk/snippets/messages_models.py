import os

from anthropic import Anthropic

client = Anthropic(api_key=os.environ["TOROUTER_KEY"], base_url=os.environ["TOROUTER_URL"])
listed = [[model.id for model in pages] for pages in (client.models.list(), client.beta.models.list(limit=2))]
assert sorted(listed[0]) == sorted(listed[1]), listed
print(client.models.retrieve("claude-opus-4-7").display_name, *listed[0])
