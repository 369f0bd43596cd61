import os

from openai import OpenAI

client = OpenAI(api_key=os.environ["TOROUTER_KEY"], base_url=os.environ["TOROUTER_URL"] + "/v1")
listed = [model.id for model in client.models.list()]
assert "gpt-5" in listed, listed
print(client.models.retrieve("openai/gpt-5").id, *listed)
