import os

from google import genai

# The version belongs to the address in many guides; the library puts its own behind it.
address = os.environ["TOROUTER_URL"] + "/v1beta"
client = genai.Client(api_key=os.environ["TOROUTER_KEY"], http_options={"base_url": address})
names = [model.name for model in client.models.list()]
print(client.models.get(model="gemini-3-flash-preview").display_name, len(names))
print(client.models.generate_content(model="gemini-3-flash-preview", contents="Say hello to a router.").text)
