import os

from google import genai

# Everything else that the library can call stands below the doubled address, too.
address = os.environ["TOROUTER_URL"] + "/v1beta"
client = genai.Client(api_key=os.environ["TOROUTER_KEY"], http_options={"base_url": address})
names = [model.name for model in client.models.list()]
assert "models/gemini-3-flash-preview" in names, names
assert client.models.get(model="gemini-3-flash-preview").name == "models/gemini-3-flash-preview"
assert client.models.count_tokens(model="gemini-3-flash-preview", contents="How cold is it in Oslo?").total_tokens > 0
for chunk in client.models.generate_content_stream(model="gemini-3-flash-preview", contents="Count."):
    print(chunk.text or "", end="", flush=True)
