"""What a request says of the conversation before it, in the same words for every protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from tests.e2e.script import Step, demand

OURS = ("thought", "signed", "text", "call")


@dataclass(frozen=True, slots=True)
class Said:
    """One thing in a history: `thought`, `signed`, `text` and `call` of the model, then `result` and `user`.

    The value is a text, the signature itself, or name and arguments of a call; `id` is that of a call or result.
    """

    kind: str
    value: Any = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """One answer of the model, and what came after it."""

    answer: list[Said] = field(default_factory=list)
    after: list[Said] = field(default_factory=list)


def rounds(history: Iterable[Said]) -> list[Round]:
    """The answers of the model, each with what followed; what stands before the first is the question."""
    found: list[Round] = []
    for ours, said in groupby(history, key=lambda one: one.kind in OURS):
        if ours:
            found.append(Round([*said]))
        elif found:
            found[-1].after.extend(said)
    return found


def check(history: Iterable[Said], steps: Sequence[Step], wanted: Callable[[Step], Iterable[Said]], *, forgives: bool) -> int:
    """The number of steps that the history holds. Raises Refusal where it is not what was said, or results are not its own.

    Thoughts may be missing everywhere, what is signed only where the model forgives it; neither may be altered.
    """
    told = rounds(history)
    demand(len(told) < len(steps), f"{len(told)} answers are more than were given")
    for number, (one, step) in enumerate(zip(told, steps, strict=False)):
        _check_answer(one.answer, [*wanted(step)], forgives=forgives, where=f"answer {number}")
        _check_results(one.after, step, f"answer {number}")
    return len(told)


def _check_answer(found: list[Said], wanted: list[Said], *, forgives: bool, where: str) -> None:
    optional = {"thought", "signed"} if forgives else {"thought"}
    for one in found:
        demand(one.kind not in optional or one in wanted, f"{where}: nobody said {one}")
    expected = [one for one in wanted if one.kind not in optional or one in found]
    demand(_joined(found) == _joined(expected), f"{where} came back as {found} and was {expected}")


def _joined(said: list[Said]) -> list[Said]:
    """Every run of text is one, and no text is none."""
    runs: list[Said] = []
    for one in said:
        if one.kind == "text" and runs and runs[-1].kind == "text":
            runs[-1] = Said("text", runs[-1].value + one.value)
        elif one != Said("text"):
            runs.append(one)
    return runs


def _check_results(after: list[Said], step: Step, where: str) -> None:
    """Each call has one result, and nothing stands before the last of them."""
    results, rest = after[: len(step.calls)], after[len(step.calls) :]
    # In whatever order: the tools run side by side, and an agent tells of each when it is done.
    demand(sorted(one.id for one in results) == sorted(call.id for call in step.calls), f"{where} is followed by {after}")
    demand(all(one.kind == "result" for one in results), f"{where}: something stands before its results")
    demand(all(one.kind == "user" for one in rest), f"{where} has more results than calls")
    texts = {one.id: one.value for one in results}
    for call in step.calls:
        demand(call.result in texts[call.id], f"{call.name} gave {texts[call.id]}")


def words(value: Any) -> str:
    """Every text in a value, whatever it is made of."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "\n".join(words(one) for one in value.values())
    return "\n".join(words(one) for one in value) if isinstance(value, list) else ""
