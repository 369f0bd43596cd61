"""What a folder declares of losses: how bad, and why; of the canonical request, and of bodies."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest
from torouter.config.document import load_document
from torouter.diagnostics import Diagnostics
from torouter.protocol import Call, RequestRejected, WireProtocol, compile_protocol

DECODE = """
make:
  turns:
    $each: =body.lines
    $as: line
    role: user
    parts: [{kind: text, text: "=line.say"}]
  sampling: {seed: =body.dice}
"""
ENCODE = """
kinds: [text]
make:
  lines: =request.turns[].parts[].text
"""
TALK: dict[str, Any] = {"lines": [{"say": "hi"}]}


def folder(name: str, **files: str) -> WireProtocol:
    """Compile a folder of these files; nothing may be wrong with it."""
    found = Diagnostics()
    texts = {"protocol": f"protocol: {name}", **{kind.replace("_", "."): text for kind, text in files.items()}}
    loaded = {kind: load_document(dedent(text), f"{kind}.yaml", "user", found) for kind, text in texts.items()}
    compiled = compile_protocol(name, {kind: file for kind, file in loaded.items() if file is not None}, found)
    assert [item.message for item in found.items] == []
    return compiled


def losses(body: dict[str, Any], source: str = DECODE, target: str = ENCODE) -> list[tuple[str, str, str]]:
    """Send a body through both and give what is told: where, how bad, why."""
    call = Call(target={"model": "m"})
    request = folder("one", request_decode=source).decode_request(body, call)
    encoded = folder("two", request_encode=target).encode_request(request, call)
    return [(loss.path, loss.severity, loss.reason) for loss in encoded.losses]


def test_a_severity_stands_alone_or_with_its_reason() -> None:
    assert losses({**TALK, "dice": 3}, target=ENCODE + "loss: {sampling.seed: drop}") == [
        ("sampling.seed", "drop", "cannot be expressed")
    ]
    assert losses({**TALK, "dice": 3}, target=ENCODE + "loss: {sampling.seed: {severity: drop, why: no dice}}") == [
        ("sampling.seed", "drop", "no dice")
    ]


def test_a_severity_that_is_decided_has_its_reason_too() -> None:
    decided = ENCODE + """
loss:
  sampling.seed:
    why: no dice
    severity:
      $when: =request.sampling.seed == 3
      $value: warn
"""
    assert losses({**TALK, "dice": 3}, target=decided) == [("sampling.seed", "warn", "no dice")]
    assert losses({**TALK, "dice": 4}, target=decided) == []


@pytest.mark.parametrize(
    ("body", "place"),
    [({**TALK, "audit": {"by": "me"}}, "native.one.audit"), ({"lines": [{"say": "hi", "audit": 1}]}, "lines[0].audit")],
)
def test_what_no_rule_reads_is_a_warning_or_what_its_own_protocol_declares(body: dict[str, Any], place: str) -> None:
    told = [(path, severity) for path, severity, _ in losses(body)]
    assert told == [(place, "warn")]
    declared = DECODE + """
loss:
  audit: {severity: drop, why: for the books}
  lines.audit: {severity: drop, why: for the books}
"""
    assert losses(body, declared) == [(place, "drop", "for the books")]


def test_members_of_what_rides_along_may_be_declared_one_by_one() -> None:
    body = {**TALK, "manner": {"hand": "left", "ink": "blue"}}
    declared = DECODE + "loss: {manner.hand: {severity: drop, why: nobody sees it}}"
    assert [told[:2] for told in losses(body)] == [("native.one.manner", "warn")]
    assert [told[:2] for told in losses(body, declared)] == [
        ("native.one.manner.hand", "drop"), ("native.one.manner.ink", "warn")
    ]


def test_what_a_tool_says_to_its_own_protocol_only_is_as_bad_to_lose_as_that_protocol_declares() -> None:
    source = DECODE + """
  tools:
    $each: =body.tools
    $as: tool
    kind: function
    name: =tool.name
    native: {one: "=pick(tool, 'colour', 'weight')"}
loss:
  tools.colour: {severity: drop, why: nobody sees it}
"""
    target = ENCODE + "  tools: =request.tools[].name\ntools: [function]"
    body = {**TALK, "tools": [{"name": "saw", "colour": "red", "weight": 2}]}
    assert [told[:2] for told in losses(body, source, target)] == [
        ("tools[0].native.one.colour", "drop"), ("tools[0].native.one.weight", "warn")
    ]


def test_a_declaration_holds_for_all_that_is_below() -> None:
    declared = DECODE.replace("=line.say", "=line.say.text") + "loss: {lines.say: {severity: drop, why: of no use}}"
    assert losses({"lines": [{"say": {"text": "hi", "font": "serif"}}]}, declared) == [
        ("lines[0].say.font", "drop", "of no use")
    ]


def test_a_protocol_can_refuse_to_lose_what_is_its_own() -> None:
    declared = DECODE + "loss: {vault: {severity: reject, why: the answer depends on it}}"
    with pytest.raises(RequestRejected) as refused:
        losses({**TALK, "vault": "v1"}, declared)
    assert refused.value.error["param"] == "native.one.vault"
    assert "the answer depends on it" in refused.value.error["message"]


def test_the_name_of_a_speaker_is_told_as_lost_even_if_the_turns_are_joined() -> None:
    source = DECODE.replace("role: user", "role: user\n    name: =line.by")
    body = {"lines": [{"say": "a", "by": "ann"}, {"say": "b", "by": "bob"}]}
    told = losses(body, source, ENCODE + "turns: {alternate: true}")
    assert [(path, severity) for path, severity, _ in told] == [("turns[0].name", "warn"), ("turns[1].name", "warn")]


def test_a_place_that_an_answer_does_not_have_cannot_be_declared() -> None:
    found = Diagnostics()
    text = "make: {id: =response.id}\nloss: {usage.inputs: {severity: drop, why: x}}\n"
    files = {"protocol": "protocol: one\n", "response.encode": text}
    loaded = {kind: load_document(each, f"{kind}.yaml", "user", found) for kind, each in files.items()}
    compile_protocol("one", {kind: file for kind, file in loaded.items() if file is not None}, found)
    assert [(item.code, item.help) for item in found.items] == [("unknown-loss-path", 'did you mean "usage.input"?')]
