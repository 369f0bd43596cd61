import os

from openai import OpenAI

client = OpenAI(base_url=os.environ["TOROUTER_URL"] + "/v1", api_key=os.environ["TOROUTER_KEY"])
conversation = client.conversations.create(
    items=[{"type": "message", "role": "developer", "content": "Be brief."}], metadata={"topic": "demo"}
)
first = client.responses.create(model="sandbox/echo", input="Hello!", conversation=conversation.id)
with client.responses.stream(model="sandbox/echo", input="Again!", conversation=conversation.id) as stream:
    second = stream.get_final_response()
items = list(client.conversations.items.list(conversation.id, order="asc", limit=2))
assert [item.role for item in items] == ["developer", "user", "assistant", "user", "assistant"]
added = client.conversations.items.create(conversation.id, items=[{"role": "user", "content": "One more."}])
shown = client.conversations.items.retrieve(added.data[0].id, conversation_id=conversation.id)
client.conversations.items.delete(shown.id, conversation_id=conversation.id)
assert client.conversations.update(conversation.id, metadata={"topic": "tests"}).metadata == {"topic": "tests"}
assert client.conversations.retrieve(conversation.id).metadata == {"topic": "tests"}
again = client.responses.retrieve(second.id, stream=True, starting_after=1)
assert [event.type for event in again][-1] == "response.completed"
assert client.conversations.delete(conversation.id).deleted
print(first.output_text, second.output_text)
