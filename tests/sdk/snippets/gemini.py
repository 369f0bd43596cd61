import os

from google import genai

client = genai.Client(api_key=os.environ["TOROUTER_KEY"], http_options={"base_url": os.environ["TOROUTER_URL"]})
answer = client.models.generate_content(model="gemini-3-flash-preview", contents="Say hello to a router.")
print(answer.text)
