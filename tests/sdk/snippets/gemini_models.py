import os

from google import genai

client = genai.Client(api_key=os.environ["TOROUTER_KEY"], http_options={"base_url": os.environ["TOROUTER_URL"]})
names = [model.name for model in client.models.list()]
assert "models/gemini-3-flash-preview" in names, names
print(client.models.get(model="gemini-3-flash-preview").display_name, *names)
