"""The shipped route files and scripts: what a stranger finds on the first start."""

from __future__ import annotations

import contextlib
import re
from decimal import Decimal
from functools import cache

import orjson
import pytest
from torouter.canonical import schema
from torouter.canonical.brackets import Brackets
from torouter.compile import compile_project
from torouter.compile.prices import prices_of
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_line
from torouter.observe.usage import cost_of
from torouter.protocol import Call
from torouter.sandbox.load import load_sandbox
from torouter.sandbox.sandbox import Sandbox, SandboxError
from torouter.sandbox.transport import SandboxTransport
from torouter.upstream.client import UpstreamRequest

from tests.canonical.grammar import violations
from tests.support.protocols import protocol

pytestmark = pytest.mark.usefixtures("held")

QUICK_START = ("gpt-5", "claude-opus-4-7", "gemini-3-flash-preview")
LOOK = {
    "kind": "function",
    "name": "look_up",
    "schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@cache
def project():
    found = Diagnostics()
    loaded = load_project(None, found)
    mistakes = [line for line in render_line(found).splitlines() if line.startswith("routes/")]
    assert not mistakes, "\n".join(mistakes)
    return loaded


@cache
def snapshot():
    return compile_project(project(), Diagnostics())


def facts(model):
    """What is known of a shipped model at its first target."""
    return snapshot().models[model].targets(model)[0].view


async def no_wait(_seconds):
    pass


@cache
def sandbox():
    found = Diagnostics()
    loaded = load_sandbox(found)
    assert not found.items, render_line(found)
    return Sandbox(loaded.scripts, no_wait, lambda: 1_700_000_000)


def asking(text="Tell me about routers.", **members):
    return {"model": "m", "turns": [{"role": "user", "parts": [{"kind": "text", "text": text}]}], **members}


async def answer(model, request):
    """The decoder events of an answer, each checked, and the encoder events they lead to."""
    events = [event async for batch in sandbox().respond(model, request) for event in batch]
    for event in events:
        assert schema.check_event(event) == []
    brackets = Brackets(order="serial")
    shown = brackets.feed(events)
    shown += brackets.finish(complete=brackets.ended)
    assert violations(shown, serial=True) == []
    return events, shown


def test_the_shipped_files_have_no_mistakes():
    assert project().routes.endpoints


def test_every_address_stands_at_the_root_and_below_api():
    assert project().routes.mounts == ("", "/api")


def test_every_endpoint_shows_a_command_line_that_calls_it():
    for endpoint in project().routes.endpoints.values():
        if endpoint.operation == "refuse":
            continue
        assert endpoint.example is not None, endpoint.id
        assert "{key}" in endpoint.example, endpoint.id
        path = re.escape(endpoint.matches[0].path).replace(r"\{model:path\}", r"[^ ]+")
        path = re.sub(r"\\\{\w+\\\}", "[^ /]+", path)
        assert re.search(rf"{{url}}{path}([ ?\"]|$)", endpoint.example), endpoint.id


def test_the_lists_of_models_are_told_apart_by_a_header_of_each_vendor():
    at = {}
    for endpoint in project().routes.endpoints.values():
        for match in endpoint.matches:
            at.setdefault((match.method, match.path), []).append(endpoint)
    for path in ("/v1/models", "/v1/models/{model:path}"):
        headers = {tuple(condition.header for condition in e.when): e.protocol for e in at["GET", path]}
        assert headers == {
            (): "openai-chat",
            ("anthropic-version",): "anthropic-messages",
            ("x-goog-api-key", None): "gemini-generate",
        }


def test_the_client_s_own_version_and_features_are_forwarded():
    assert project().routes.endpoints["anthropic.messages"].forward == ("anthropic-version", "anthropic-beta")


def test_a_key_is_taken_from_any_vendor_s_header():
    places = project().routes.auth["any-header"]
    assert [(place.header, place.scheme) for place in places] == [
        ("authorization", "Bearer"),
        ("x-api-key", None),
        ("x-goog-api-key", None),
    ]


def test_only_the_models_of_the_quick_start_fall_back_to_the_sandbox():
    falling = [
        name
        for name, model in project().routes.models.items()
        if not name.startswith("sandbox/") and any(target.provider == "sandbox" for target in model.targets)
    ]
    assert sorted(falling) == sorted(QUICK_START)
    for name in falling:
        assert project().routes.models[name].targets[-1].provider == "sandbox"


def test_there_is_a_model_for_each_script_and_a_script_for_each_model():
    models = {name for name in project().routes.models if name.startswith("sandbox/")}
    names = {name for script in sandbox().scripts for name in script.answers if "*" not in name}
    assert models == names


@pytest.mark.parametrize(
    "model, style, can_disable, rejects",
    [
        ("gpt-5", "effort", False, {"temperature", "stop"}),
        ("gpt-5-mini", "effort", False, {"temperature", "stop"}),
        ("gpt-5.5", "effort", True, {"stop"}),
        ("gpt-6-sol", "effort", True, set()),
        ("claude-haiku-4-5", "budget", True, set()),
        ("claude-sonnet-4-6", "adaptive", True, {"prefill"}),
        ("claude-opus-4-7", "adaptive", True, {"prefill", "temperature"}),
        ("claude-sonnet-5", "adaptive", True, {"prefill", "temperature"}),
        ("claude-haiku-5-5", "adaptive", True, {"prefill", "temperature"}),
        ("claude-sonnet-5-5", "adaptive", False, {"prefill", "temperature", "forced_tool_choice"}),
        ("claude-opus-5-5", "adaptive", False, {"prefill", "temperature", "forced_tool_choice"}),
    ],
)
def test_what_is_known_of_a_model(model, style, can_disable, rejects):
    known = facts(model)
    assert (known["reasoning"]["style"], known["reasoning"]["can_disable"]) == (style, can_disable)
    judged = {"temperature", "stop", "prefill", "forced_tool_choice"}
    assert judged & set(known.get("rejects", ())) == rejects


def test_models_that_reason_only_on_request_refuse_sampling_only_then():
    assert "temperature" in facts("gpt-5.5")["rejects_reasoning"]
    assert "temperature" in facts("gpt-6-sol")["rejects_reasoning"]


def test_older_models_are_known_to_nobody():
    assert "reasoning" not in facts("gpt-4o")


@pytest.mark.parametrize(
    "model, longest",
    [("gpt-5", 128_000), ("claude-opus-4-7", 128_000), ("claude-haiku-4-5", 64_000), ("claude-opus-5-5", 128_000)],
)
def test_the_longest_answer_is_known(model, longest):
    assert facts(model)["limits"]["max_output"] == longest


@pytest.mark.parametrize("model", QUICK_START)
async def test_the_sandbox_answers_to_the_names_of_the_quick_start_and_says_who_it_is(model):
    _, shown = await answer(model, asking("Count to 5", model=model))
    text = shown[-1]["response"]["outputs"][0]["parts"][0]["text"]
    assert "sandbox" in text
    assert model in text
    assert "Count to 5" in text


@pytest.mark.parametrize("script", sorted(script.name for script in load_sandbox(Diagnostics()).scripts))
async def test_every_script_plays_sound_events_or_refuses(script):
    name = next(found.answers[0] for found in sandbox().scripts if found.name == script)
    for request in (asking(), asking(tools=[LOOK])):
        with contextlib.suppress(SandboxError):
            await answer(name, request)


async def test_echo_says_what_the_user_said_last():
    request = asking("first")
    request["turns"] += [
        {"role": "assistant", "parts": [{"kind": "text", "text": "answer"}]},
        {"role": "user", "parts": [{"kind": "text", "text": "two\n lines "}, {"kind": "text", "text": "and more"}]},
    ]
    _, shown = await answer("sandbox/echo", request)
    assert shown[-1]["response"]["outputs"][0]["parts"] == [{"kind": "text", "text": "two\n lines \nand more"}]


async def test_story_comes_in_many_pieces():
    events, _ = await answer("sandbox/story", asking())
    assert sum(event["type"] == "part.delta" for event in events) > 50


async def test_tools_calls_the_first_tool_and_then_answers_with_its_result():
    request = asking(tools=[LOOK])
    _, shown = await answer("sandbox/tools", request)
    (output,) = shown[-1]["response"]["outputs"]
    call = output["parts"][-1]
    assert output["finish"]["reason"] == "tool_calls"
    assert (call["kind"], call["name"], call["arguments"]) == ("tool_call", "look_up", '{"city":"example"}')

    result = {"kind": "tool_result", "id": call["id"], "parts": [{"kind": "text", "text": "sunny"}]}
    request["turns"] += [{"role": "assistant", "parts": output["parts"]}, {"role": "user", "parts": [result]}]
    _, shown = await answer("sandbox/tools", request)
    (output,) = shown[-1]["response"]["outputs"]
    assert output["finish"]["reason"] == "stop"
    assert output["parts"] == [{"kind": "text", "text": "The tool answered: sunny"}]


async def test_tools_asks_for_a_tool_when_there_is_none():
    _, shown = await answer("sandbox/tools", asking())
    assert [part["kind"] for part in shown[-1]["response"]["outputs"][0]["parts"]] == ["text"]


async def test_thinking_signs_its_reasoning_and_then_answers():
    _, shown = await answer("sandbox/thinking", asking())
    reasoning, text = shown[-1]["response"]["outputs"][0]["parts"]
    assert (reasoning["kind"], text["kind"]) == ("reasoning", "text")
    assert reasoning["signature"]
    assert shown[-1]["response"]["usage"]["reasoning"] > 0


BODIES = {
    "openai-chat": {
        "messages": [{"role": "user", "content": "Look up the weather."}],
        "tools": [{"type": "function", "function": {"name": "look_up", "parameters": LOOK["schema"]}}],
        "stream_options": {"include_usage": True},
    },
    "anthropic-messages": {
        "messages": [{"role": "user", "content": "Look up the weather."}],
        "max_tokens": 1000,
        "tools": [{"name": "look_up", "input_schema": LOOK["schema"]}],
    },
}


async def called(name, model, *, stream):
    """Status and body of the sandbox's answer in a protocol."""
    context = {
        "protocol": name,
        "path": {},
        "query": {},
        "headers": {},
        "target": {"model": model, "limits": {}},
        "request": {"stream": stream},
    }
    body = orjson.dumps({**BODIES[name], "model": model, "stream": stream})
    transport = SandboxTransport(sandbox(), {name: protocol(name)})
    response = await transport.send(UpstreamRequest("POST", "http://sandbox/", [], body, context=context))
    return response.status, b"".join([chunk async for chunk in response.aiter_raw()])


def bare(response):
    """A response without what a protocol's streams and bodies may tell at different places."""
    return {name: response[name] for name in ("model", "outputs", "usage")}


@pytest.mark.parametrize("name", sorted(BODIES))
@pytest.mark.parametrize("model", ["gpt-5", "sandbox/echo", "sandbox/story", "sandbox/tools", "sandbox/thinking"])
async def test_a_streamed_answer_says_the_same_as_a_whole_one_in_every_protocol(name, model):
    status, streamed = await called(name, model, stream=True)
    assert status == 200
    decoder = protocol(name).stream_decoder(Call(), protocol(name))
    last = [*decoder.feed(streamed), *decoder.close()][-1]
    assert last["type"] == "end"
    status, whole = await called(name, model, stream=False)
    assert status == 200
    assert bare(last["response"]) == bare(protocol(name).decode_response(orjson.loads(whole), Call()))


@pytest.mark.parametrize("name", sorted(BODIES))
@pytest.mark.parametrize("model", ["sandbox/cut", "sandbox/fail"])
async def test_a_broken_answer_is_seen_as_broken_in_every_protocol(name, model):
    _, streamed = await called(name, model, stream=True)
    decoder = protocol(name).stream_decoder(Call(), protocol(name))
    assert [*decoder.feed(streamed), *decoder.close()][-1]["type"] == "error"
    status, _ = await called(name, model, stream=False)
    assert status >= 500


@pytest.mark.parametrize("model, status", [("sandbox/error-429", 429), ("sandbox/error-500", 500)])
async def test_the_error_scripts_refuse_with_their_status(model, status):
    with pytest.raises(SandboxError) as refusal:
        await answer(model, asking())
    assert refusal.value.error["status"] == status
    assert schema.check_error(refusal.value.error) == []


@pytest.mark.parametrize("model, kind", [("sandbox/cut", "bad_gateway"), ("sandbox/fail", "overloaded")])
async def test_a_broken_stream_says_something_and_never_ends_well(model, kind):
    events, shown = await answer(model, asking())
    assert any(event["type"] == "part.delta" for event in events)
    assert (shown[-1]["type"], shown[-1]["error"]["kind"]) == ("error", kind)


def test_whatever_a_provider_of_many_models_has_can_be_asked_for_by_its_name():
    target = snapshot().find("groq/openai/gpt-oss-20b").targets("groq/openai/gpt-oss-20b")[0]
    assert (target.provider.id, target.model) == ("groq", "openai/gpt-oss-20b")


def test_more_than_twenty_providers_are_shipped_and_none_has_a_secret_in_it():
    providers = {name: each for name, each in project().routes.providers.items() if each.kind == "http"}
    assert len(providers) >= 20
    assert all(each.base_url.startswith("https://") and each.auth.secret for each in providers.values())


UNPRICED = {
    "gemini-3-pro-preview",  # one list no longer has it
}


@pytest.mark.parametrize("vendor", ["openai", "anthropic", "gemini"])
def test_every_model_of_the_three_vendors_has_a_price_or_is_known_to_have_none(vendor):
    targets = [(name, it) for name, model in snapshot().models.items() for it in model.targets(name) if it.provider.id == vendor]
    assert len(targets) > 10
    assert {name for name, target in targets if not target.prices} == {name for name, _ in targets} & UNPRICED


def test_no_price_of_a_larger_request_is_lower_and_nothing_read_from_a_cache_costs_more():
    known = {}
    for price in project().routes.prices:
        rates = {name: Decimal(text) for name, text in price.rates.items()}
        assert rates["input"] > 0
        assert rates.get("cache_read", 0) <= rates["input"]
        small = known.setdefault((price.match, price.providers), rates)
        assert (small is rates) == (price.over == 0), f"{price.match} twice, or without a price for small requests"
        assert all(rates[name] >= small[name] for name in rates)


@pytest.mark.parametrize(
    ("model", "provider", "upstream", "large", "rate"),
    [
        ("gpt-5", "openai", "gpt-5-2025-08-07", False, "1.25"),
        ("gpt-5-mini", "openai", "gpt-5-mini-2025-08-07", False, "0.25"),
        ("claude-haiku-5-5", "anthropic", "claude-haiku-5-5", False, "0.1"),
        ("claude-haiku-5-5", "anthropic", "claude-haiku-5-5", True, "0.5"),
        ("gpt-5", "openrouter", "gpt-5", False, None),
        ("gpt-7", "openai", "gpt-7", False, None),
    ],
)
def test_a_shipped_price_is_that_of_its_model_provider_and_size(model, provider, upstream, large, rate):
    found = cost_of({"input": 1_000_000 if large else 1000}, prices_of(provider, upstream, project().routes.prices), 2e9)
    assert found == (rate and (int(Decimal(rate) * (10**9 if large else 10**6)), "USD"))
