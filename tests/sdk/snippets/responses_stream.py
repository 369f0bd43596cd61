import os

from openai import OpenAI

client = OpenAI(api_key=os.environ["TOROUTER_KEY"], base_url=os.environ["TOROUTER_URL"] + "/v1")
with client.responses.stream(model="gpt-5", input="Count.") as stream:
    for event in stream:
        if event.type == "response.output_text.delta":
            print(event.delta, end="", flush=True)
    assert stream.get_final_response().output_text
