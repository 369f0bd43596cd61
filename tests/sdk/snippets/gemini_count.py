import os

from google import genai

client = genai.Client(api_key=os.environ["TOROUTER_KEY"], http_options={"base_url": os.environ["TOROUTER_URL"]})
counted = client.models.count_tokens(model="gemini-3-flash-preview", contents="How cold is it in Oslo?")
assert counted.total_tokens > 0
print(counted.total_tokens)
