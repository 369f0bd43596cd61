"""What a decoder makes is held against the canonical model when it is loaded: what that lacks would vanish unseen."""

from __future__ import annotations

from textwrap import dedent

import pytest
from torouter.config.document import load_document
from torouter.diagnostics import Diagnostics
from torouter.protocol import compile_protocol

PROTOCOL = """
protocol: made
tables:
  ends: {over: stop, full: lenght}
  hints: {a: 1}
define:
  picture:
    args: [it]
    make:
      kind: image
      url: =it.url
      hint:
        $lookup: hints
        $of: =it.hint
  part:
    args: [it]
    make:
      $switch: =it.is
      $case:
        text: {kind: text, text: =it.text}
        picture: {kind: image, url: =it.url}
"""


def findings(kind: str, text: str, shared: str = "protocol: made") -> list[str]:
    """Compile a folder of two files and give what is wrong, each with its code and the line it stands on."""
    found = Diagnostics()
    texts = {"protocol": shared, kind: dedent(text)}
    documents = {kind: load_document(text, f"{kind}.yaml", "user", found) for kind, text in texts.items()}
    compile_protocol("made", {kind: file for kind, file in documents.items() if file is not None}, found)
    return [
        f"{item.code}: {item.message}" + (f" ({item.help})" if item.help else "")
        for item in found.sorted()
        if item.code not in {"unused-definition", "unread-argument"}
    ]


@pytest.mark.parametrize(
    ("kind", "make", "told"),
    [
        ("request.decode", "{max_outpt: =body.most}", '`request` has no `max_outpt` (did you mean "max_output"?)'),
        ("request.decode", "{sampling: {heat: 1}}", "`request.sampling` has no `heat`"),
        ("response.decode", "{outputs: [{finsh: =body.end}]}", '`response.outputs.*` has no `finsh` (did you mean "finish"?)'),
        ("error.decode", "{text: =body.text}", "`error` has no `text`"),
        ("count.decode", "{inputs: =body.tokens}", '`count` has no `inputs` (did you mean "input"?)'),
    ],
)
def test_a_member_that_the_model_lacks_is_told(kind: str, make: str, told: str) -> None:
    assert findings(kind, f"make: {make}\n") == [f"unknown-path: {told}"]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        ("{tool_choice: {mode: always}}", '`request.tool_choice.mode`: "always" is not one of auto, none, required, named'),
        ("{stream: 'true'}", '`request.stream`: "true" is of another type than it takes'),
        ("{turns: [{role: bot}]}", '`request.turns.*.role`: "bot" is not one of user, assistant, system'),
    ],
)
def test_a_constant_that_the_model_does_not_take_is_told(make: str, told: str) -> None:
    assert findings("request.decode", f"make: {make}\n") == [f"bad-value: {told}"]


def test_what_varies_is_not_judged() -> None:
    make = 'make: {model: "{{ body.a }}", stream: =body.live, native: {made: {any: 1}}, metadata: {any: 1}}'
    assert findings("request.decode", make) == []


def test_a_kind_that_is_written_says_which_members_there_are() -> None:
    text = "make:\n  turns:\n    - parts: [{kind: text, url: =body.a}, {kind: image, url: =body.a}]\n"
    assert findings("request.decode", text) == ["unknown-path: `request.turns.*.parts.*` has no `url`"]


def test_words_are_looked_through() -> None:
    text = """
    make:
      turns:
        $each: =body.lines
        $as: line
        role:
          $first:
            - $switch: =line.by
              $case:
                me: usr
              $else: assistant
        parts:
          - $merge:
              - {kind: text}
              - {text: =line.text, url: =line.url}
          - $when: =line.more
            $value: {kind: text, txt: =line.more}
    """
    assert findings("request.decode", text) == [
        'bad-value: `request.turns.*.role`: "usr" is not one of user, assistant, system (did you mean "user"?)',
        "unknown-path: `request.turns.*.parts.*` has no `url`",
        'unknown-path: `request.turns.*.parts.*` has no `txt` (did you mean "text"?)',
    ]


def test_a_word_of_a_table_is_told_where_the_table_is() -> None:
    text = "make:\n  outputs:\n    - finish:\n        reason:\n          $lookup: ends\n          $of: =body.end\n"
    assert findings("response.decode", text, PROTOCOL)[0].startswith(
        'bad-value: `response.outputs.*.finish.reason`: "lenght" is not one of stop,'
    )


def test_a_mistake_in_a_definition_is_told_once() -> None:
    use = "{$use: picture, $with: {it: =body}}".replace("{$use", "\n        $use").replace(", $with", "\n        $with")
    text = f"make:\n  outputs:\n    - parts:\n      -{use[:-1]}\n      -{use[:-1]}\n"
    assert findings("response.decode", text, PROTOCOL) == [
        "unknown-path: `response.outputs.*.parts.*` has no `hint`"
    ]


def test_a_definition_may_know_kinds_that_its_user_does_not_take() -> None:
    text = """
    make:
      system:
        $each: =body.rules
        $as: rule
        $where: =rule.is == 'text'
        $use: part
        $with: {it: =rule}
    """
    assert findings("request.decode", text, PROTOCOL) == []


def test_events_are_held_against_the_events_a_decoder_may_emit() -> None:
    text = """
    rules:
      - emit: {type: part.begin, kind: text}
      - emit:
          - {type: part.delta, kind: text, txt: =event.text}
          - $each: =event.calls
            $as: call
            type: part.delta
            key: =call_index
            argument: =call.with
      - emit:
          - $merge:
              - {type: finish}
              - {reason: over, text: a}
    """
    assert [line.split(" is not one of")[0] for line in findings("stream.decode", text)] == [
        'bad-value: `event.type`: "part.begin"',
        'unknown-path: `event` has no `txt` (did you mean "text"?)',
        'unknown-path: `event` has no `argument` (did you mean "arguments"?)',
        'bad-value: `event.reason`: "over"',
        "unknown-path: `event` has no `text`",
    ]


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("error.encode", "status: =error.statu\nmake: {a: 1}", '`error` has no `statu`; did you mean "status"?'),
        ("count.encode", "make: {a: =count.inputs}", '`count` has no `inputs`; did you mean "input"?'),
        ("models.encode", "list: {a: '=models[*].title'}", "`models.*` has no `title`"),
        ("models.encode", "list: {a: 1}\none: {a: =model.limits.most}", "`model.limits` has no `most`"),
        ("stream.encode", "rules:\n  - emit: {a: =event.idd}", '`event` has no `idd`; did you mean "id"?'),
    ],
)
def test_what_other_encoders_read_must_be_there_too(kind: str, text: str, told: str) -> None:
    assert findings(kind, text) == [f"unknown-path: {told}"]


def test_the_text_of_a_list_a_part_or_a_text_is_read_without_a_finding() -> None:
    text = """
    kinds: [text]
    make:
      name: =text_of(request.model, '')
      lines:
        $each: =request.turns
        $as: turn
        whole: =text_of(turn.parts, ' ')
        first: =text_of(turn.parts[0], ' ')
      wrong: =text_of(request.sistem, ' ')
    """
    assert findings("request.encode", text) == ['unknown-path: `request` has no `sistem`; did you mean "system"?']
