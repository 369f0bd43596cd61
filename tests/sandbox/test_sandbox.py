"""What the sandbox says, when, and how it ends."""

import pytest
from torouter.sandbox.sandbox import SandboxError, example_call

from tests.sandbox.support import Pace, asking, flat, played, sandbox_of, text_of

HELLO = """
    description: Says hello.
    answers: [made-up]
    steps:
      - emit: {type: part.delta, kind: text, text: Hello there.}
"""


async def test_an_answer_starts_with_its_model_and_moment_and_ends_with_usage_and_end():
    events = flat(await played(sandbox_of(HELLO), asking("three small words")))
    start, *_, usage, end = events
    assert start["model"] == "made-up"
    assert start["created"] == 1_700_000_000
    assert start["usage"] == {"input": 3}
    assert usage == {"type": "usage", "usage": {"input": 3, "output": 2}}
    assert end == {"type": "end"}


async def test_the_same_request_gives_the_same_answer_and_another_one_another_id():
    sandbox = sandbox_of(HELLO)
    first, again, other = [flat(await played(sandbox, asking(text))) for text in ("a", "a", "b")]
    assert first == again
    assert first[0]["id"] != other[0]["id"]


async def test_each_wait_is_asked_for_and_what_needs_no_wait_comes_together():
    pace = Pace()
    sandbox = sandbox_of(
        """
        description: Speaks in two breaths.
        answers: [made-up]
        steps:
          - emit: {type: part.delta, kind: text, text: a}
          - after: 1.5s
            emit:
              - {type: part.delta, kind: text, text: b}
              - {type: part.delta, kind: text, text: c}
        """,
        pace=pace,
    )
    batches = await played(sandbox, asking())
    assert [[event.get("text", event["type"]) for event in batch] for batch in batches] == [
        ["start", "a"],
        ["b"],
        ["c", "usage", "end"],
    ]
    assert pace.waits == [1.5, 1.5]


async def test_nothing_is_said_before_its_wait_is_over():
    spoken = []

    async def sleep(seconds):
        spoken.append(f"{seconds} s")

    sandbox = sandbox_of(
        """
        description: Waits, then speaks.
        answers: [made-up]
        steps:
          - after: 2s
            emit: {type: part.delta, kind: text, text: now}
        """,
        pace=sleep,
    )
    async for batch in sandbox.respond("made-up", asking()):
        spoken += [event.get("text", event["type"]) for event in batch]
    assert spoken == ["start", "2.0 s", "now", "usage", "end"]


@pytest.mark.parametrize("pieces, parts", [("words", ["One", " two,", "\nthree", " "]), ("5", ["One t", "wo,\nt", "hree "])])
async def test_text_in_pieces_is_the_same_text(pieces, parts):
    sandbox = sandbox_of(
        f"""
        description: Speaks in pieces.
        answers: [made-up]
        steps:
          - pieces: {pieces}
            emit: {{type: part.delta, kind: text, text: "One two,\\nthree "}}
        """
    )
    events = flat(await played(sandbox, asking()))
    assert [event["text"] for event in events if event["type"] == "part.delta"] == parts
    assert "".join(parts) == "One two,\nthree "


async def test_only_the_first_piece_of_a_call_carries_its_name():
    sandbox = sandbox_of(
        """
        description: Calls.
        answers: [made-up]
        steps:
          - pieces: 4
            emit: {type: part.delta, key: a, kind: tool_call, name: look, arguments: '{"a":1}'}
        """
    )
    deltas = [event for event in flat(await played(sandbox, asking())) if event["type"] == "part.delta"]
    assert deltas == [
        {"type": "part.delta", "key": "a", "kind": "tool_call", "name": "look", "arguments": '{"a"'},
        {"type": "part.delta", "key": "a", "kind": "tool_call", "arguments": ":1}"},
    ]


async def test_an_expression_reads_the_request_and_what_was_bound_before():
    sandbox = sandbox_of(
        """
        description: Counts.
        answers: [made-up]
        $let:
          turns: =count(request.turns)
          twice: =add(turns, turns)
        steps:
          - emit: {type: part.delta, kind: text, text: "{{ twice }} for {{ request.model }}"}
        """
    )
    assert text_of(flat(await played(sandbox, asking()))) == "2 for made-up"


async def test_template_text_of_the_user_is_never_evaluated():
    sandbox = sandbox_of(
        """
        description: Echoes.
        answers: [made-up]
        steps:
          - emit: {type: part.delta, kind: text, text: "{{ request.turns[0].parts[0].text }}"}
        """
    )
    assert text_of(flat(await played(sandbox, asking("{{ request.model }} =request.model")))) == (
        "{{ request.model }} =request.model"
    )


async def test_a_step_whose_condition_fails_neither_speaks_nor_waits():
    pace = Pace()
    sandbox = sandbox_of(
        """
        description: Says nothing.
        answers: [made-up]
        steps:
          - when: =request.tools
            after: 1s
            emit: {type: part.delta, kind: text, text: tools}
        """,
        pace=pace,
    )
    assert [event["type"] for event in flat(await played(sandbox, asking()))] == ["start", "usage", "end"]
    assert pace.waits == []


async def test_a_refusal_comes_before_anything_is_said():
    sandbox = sandbox_of(
        """
        description: Refuses.
        answers: [made-up]
        error: {kind: rate_limit, status: 429, message: "Not now, {{ request.model }}."}
        """
    )
    with pytest.raises(SandboxError) as refusal:
        await played(sandbox, asking())
    assert refusal.value.error == {"kind": "rate_limit", "status": 429, "message": "Not now, made-up."}


async def test_a_refusal_may_depend_on_the_request():
    sandbox = sandbox_of(
        """
        description: Refuses tools.
        answers: [made-up]
        error:
          $when: =request.tools
          kind: unsupported
          status: 400
          message: No tools.
        steps:
          - emit: {type: part.delta, kind: text, text: fine}
        """
    )
    assert text_of(flat(await played(sandbox, asking()))) == "fine"
    with pytest.raises(SandboxError):
        await played(sandbox, asking(tools=[{"kind": "function", "name": "look"}]))


async def test_an_error_in_the_middle_is_the_last_event():
    sandbox = sandbox_of(
        """
        description: Fails.
        answers: [made-up]
        steps:
          - emit: {type: error, error: {kind: server, status: 500, message: Broken.}}
          - emit: {type: part.delta, kind: text, text: never said}
        """
    )
    assert [event["type"] for event in flat(await played(sandbox, asking()))] == ["start", "error"]


async def test_a_script_that_is_not_complete_just_stops():
    sandbox = sandbox_of(HELLO.replace("answers", "complete: false\n    answers"))
    assert [event["type"] for event in flat(await played(sandbox, asking()))] == ["start", "part.delta"]


async def test_usage_that_a_script_states_is_left_alone():
    sandbox = sandbox_of(HELLO + "      - emit: {type: usage, usage: {input: 7, output: 9}}\n")
    usages = [event["usage"] for event in flat(await played(sandbox, asking())) if event["type"] == "usage"]
    assert usages == [{"input": 7, "output": 9}]


async def test_usage_counts_instructions_tools_results_and_reasoning():
    sandbox = sandbox_of(
        """
        description: Thinks.
        answers: [made-up]
        steps:
          - pieces: 1
            emit: {type: part.delta, kind: reasoning, text: two words}
          - emit: {type: part, part: {kind: text, text: one more here}}
        """
    )
    result = {"kind": "tool_result", "id": "c", "parts": [{"kind": "text", "text": "three words here"}]}
    request = asking("a b", system=[{"kind": "text", "text": "be brief"}])
    request["turns"].append({"role": "user", "parts": [result]})
    request["tools"] = [{"kind": "function", "name": "look", "description": "Looks around."}]
    usage = flat(await played(sandbox, request))[-2]["usage"]
    assert usage == {"input": 2 + 2 + 3 + 3, "output": 5, "reasoning": 2}


async def test_a_name_goes_before_a_pattern_and_patterns_catch_the_rest():
    catching = HELLO.replace("made-up", "'*'").replace("Hello there.", "anyone")
    sandbox = sandbox_of(catching, HELLO)
    assert text_of(flat(await played(sandbox, asking()))) == "Hello there."
    assert text_of(flat(await played(sandbox, asking(), "else/where"))) == "anyone"


async def test_a_model_without_a_script_is_not_found():
    with pytest.raises(SandboxError) as refusal:
        await played(sandbox_of(HELLO), asking(), "unknown")
    assert refusal.value.error["kind"] == "not_found"
    assert refusal.value.error["status"] == 404


LOOK = {"kind": "function", "name": "look", "schema": {"type": "object", "properties": {"at": {"type": "string"}}}}
RUN = {"kind": "custom", "name": "run"}


@pytest.mark.parametrize(
    "request_, call",
    [
        ({"tools": [LOOK, RUN]}, {"name": "look", "arguments": '{"at":"example"}'}),
        (
            {"tools": [LOOK, RUN], "tool_choice": {"mode": "named", "names": ["run"]}},
            {"name": "run", "custom": True, "arguments": "example"},
        ),
        ({"tools": [{"kind": "function", "name": "bare"}]}, {"name": "bare", "arguments": "{}"}),
        ({"tools": [LOOK], "tool_choice": {"mode": "none"}}, None),
        ({"tools": [{"kind": "native", "protocol": "x", "value": {}}]}, None),
        ({}, None),
    ],
)
def test_the_example_call_is_of_the_tool_that_is_wanted(request_, call):
    assert example_call(request_) == call
