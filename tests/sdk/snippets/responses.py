import os

from openai import OpenAI

client = OpenAI(api_key=os.environ["TOROUTER_KEY"], base_url=os.environ["TOROUTER_URL"] + "/v1")
answer = client.responses.create(model="gpt-5", input="Say hello to a router.")
print(answer.output_text)
after = client.responses.create(model="gpt-5", input="Once more.", previous_response_id=answer.id)
print(after.output_text)
