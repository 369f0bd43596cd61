import os

from google import genai

# The version belongs to the address in many guides; the library puts its own behind it.
address = os.environ["TOROUTER_URL"] + "/v1beta"
client = genai.Client(api_key=os.environ["TOROUTER_KEY"], http_options={"base_url": address})
answer = client.models.generate_content(model="gemini-3-flash-preview", contents="Say hello to a router.")
print(answer.text)
