import os

from google import genai

client = genai.Client(api_key=os.environ["TOROUTER_KEY"], http_options={"base_url": os.environ["TOROUTER_URL"]})
for chunk in client.models.generate_content_stream(model="gemini-3-flash-preview", contents="Count."):
    print(chunk.text or "", end="", flush=True)
