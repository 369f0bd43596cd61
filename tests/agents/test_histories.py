"""A model takes back what it has said, whole and in order, with a result for each of its calls."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.agents.dialects import DIALECTS, Dialect
from tests.agents.histories import Said, check
from tests.e2e.script import Call, Refusal, Step

READ, WRITE = Call("1", "read", {"file": "ä"}, "soup"), Call("2", "write", {"input": "{{ 1 }}"}, "done")
STEPS = (
    Step(0, thought="Both.", text="I look.", calls=(READ, WRITE), signatures=("c2lnbmVkIDA=", "")),
    Step(1, thought="Again.", calls=(READ,), signatures=("c2lnbmVkIDE=", "")),
    Step(2, text="Over."),
)

ASKED = [Said("user", "Please.")]
SIGNED, TEXT, ONE, TWO = Said("signed", "c2lnbmVkIDA="), Said("text", "I look."), Said("call", ("read", {}), "1"), Said("call", ("write", {}), "2")
ANSWER = [SIGNED, TEXT, ONE, TWO]
RESULTS = [Said("result", "soup", "1"), Said("result", "done", "2")]


def held(history: list[Said], *, forgives: bool = False) -> int:
    return check(history, STEPS, lambda _: ANSWER, forgives=forgives)


@pytest.mark.parametrize(
    "history",
    [
        [*ASKED, *ANSWER, *RESULTS],
        [*ASKED, *ANSWER, *RESULTS[::-1], Said("user", "Go on.")],
        [*ASKED, SIGNED, Said("text", "I "), Said("text", "look."), Said("text"), ONE, TWO, *RESULTS],
    ],
    ids=["as it was", "results in another order", "text in pieces"],
)
def test_one_answer_with_its_results_is_one_step(history: list[Said]) -> None:
    assert held(ASKED) == 0
    assert held(history) == 1


@pytest.mark.parametrize(
    ("history", "reason"),
    [
        ([TEXT, ONE, TWO, *RESULTS], "came back as"),
        ([TEXT, SIGNED, ONE, TWO, *RESULTS], "came back as"),
        ([Said("signed", "c2lnbmVk"), TEXT, ONE, TWO, *RESULTS], "came back as"),
        ([SIGNED, TEXT, TWO, ONE, *RESULTS], "came back as"),
        ([SIGNED, TEXT, ONE, *RESULTS], "came back as"),
        ([Said("thought", "Hm."), *ANSWER, *RESULTS], "nobody said"),
        ([*ANSWER, RESULTS[0]], "is followed by"),
        ([*ANSWER, RESULTS[0], RESULTS[0]], "is followed by"),
        ([*ANSWER, *RESULTS, RESULTS[0]], "more results"),
        ([*ANSWER, *ASKED, *RESULTS], "is followed by"),
        ([*ANSWER, Said("result", "salad", "1"), RESULTS[1]], "read gave salad"),
        ([*ANSWER, *RESULTS, *ANSWER, *RESULTS, *ANSWER, *RESULTS], "more than were given"),
    ],
    ids=[
        "without its signature", "signed elsewhere", "signed otherwise", "calls in another order", "without a call", "with a thought of others",
        "without a result", "with a result twice", "with a result too many", "with a question before its results", "with another result",
        "answers of others",
    ],
)  # fmt: skip
def test_whatever_else_came_back_is_refused(history: list[Said], reason: str) -> None:
    with pytest.raises(Refusal, match=re.escape(reason)):
        held([*ASKED, *history])


def test_who_forgives_takes_an_answer_without_its_signature_but_not_with_another() -> None:
    assert held([TEXT, ONE, TWO, *RESULTS], forgives=True) == 1
    with pytest.raises(Refusal, match="nobody said"):
        held([Said("signed", "c2lnbmVk"), TEXT, ONE, TWO, *RESULTS], forgives=True)


OFFERS: dict[str, Callable[[], list[object]]] = {
    "openai-chat": lambda: [{"type": "function", "function": {"name": "read"}}, {"type": "custom", "custom": {"name": "write"}}],
    "openai-responses": lambda: [{"type": "function", "name": "read"}, {"type": "custom", "name": "write"}],
    "anthropic-messages": lambda: [{"name": "read", "input_schema": {}}, {"name": "write", "input_schema": {}}],
    "gemini-generate": lambda: [{"functionDeclarations": [{"name": "read"}, {"name": "write"}]}],
}


@pytest.mark.parametrize("protocol", DIALECTS)
def test_what_a_protocol_says_is_read_as_it_was_meant(protocol: str) -> None:
    dialect: Dialect = DIALECTS[protocol]
    offered = dialect.offers({"tools": OFFERS[protocol](), "input": []})
    said = [*dialect.read(dialect.echo(dialect.say(STEPS[0], offered)))]
    assert [one.value for one in said if one.kind == "text"] == ["I look."]
    assert [(one.value, one.id) for one in said if one.kind == "call"] == [((call.name, call.arguments), call.id) for call in STEPS[0].calls]
    assert any("c2lnbmVkIDA=" in one.value for one in said if one.kind == "signed") == (protocol != "openai-chat")
