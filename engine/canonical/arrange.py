"""The shape of a conversation before encoding: what the target's protocol demands of its turns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from .harmless import goes_on
from .loss import Loss
from .turns import drop_empty, merge_neighbours, results_first, with_parts

Part = dict[str, Any]
Turn = dict[str, Any]
Request = dict[str, Any]
Wrap = Callable[[str], str]

FILLER = "."  # the least that every target accepts as text
_TOLD = ("tool_result", "text")  # what the text that stands for a result without call holds
NO_RESULT = "No result was recorded for this call."


@dataclass(frozen=True, slots=True)
class TurnOptions:
    """What a protocol demands of turns; a member left at its default demands nothing.

    pair: `answer` gives unanswered calls an error result, and makes results without call text of the user
    later_system: the role that takes system turns after the first turn; `wrap` marks their text
    system_only: the role of the turn that is added when there is none
    first_role: the role that must speak first
    alternate: whether no two turns of one role may follow each other, whatever their names
    blank: `drop` leaves out text that is only white space
    """

    pair: str | None = None
    later_system: str | None = None
    wrap: Wrap | None = None
    system_only: str | None = None
    first_role: str | None = None
    alternate: bool = False
    blank: str | None = None

    @classmethod
    def build(cls, declared: Mapping[str, Any], wrap: Wrap | None = None) -> Self:
        """Read the `turns` mapping of a protocol; `wrap` is its compiled `later_system.wrap`."""
        later = declared.get("later_system") or {}
        plain = {name: declared[name] for name in ("pair", "system_only", "first_role", "alternate", "blank")
                 if name in declared}  # fmt: skip
        return cls(later_system=later.get("as"), wrap=wrap, **plain)


def arrange_turns(request: Request, options: TurnOptions) -> tuple[Request, tuple[Loss, ...]]:
    """Return the request as the target demands it, and what had to be made up or rewritten; the original stays."""
    losses: list[Loss] = []
    turns: list[Turn] = request["turns"]
    if options.blank == "drop":
        turns = [with_parts(turn, drop_empty(turn["parts"], blank=True)) for turn in turns]
    if options.later_system:
        turns = [_spoken_by(turn, options.later_system, options.wrap) for turn in turns]
        turns = merge_neighbours(turns)
    answer = options.pair == "answer"
    turns = _paired(turns, losses, answer=answer, orphans=answer and not goes_on(request))
    turns = merge_neighbours(turns, across_names=options.alternate)
    turns = [with_parts(turn, results_first(turn["parts"])) if turn["role"] == "user" else turn for turn in turns]
    if not turns and options.system_only:
        turns = [_filler(options.system_only)]
        losses.append(Loss("turns", "turns", "warn", "a turn was added: there was none"))
    elif turns and options.first_role and turns[0]["role"] != options.first_role:
        turns = [_filler(options.first_role), *turns]
        losses.append(Loss("turns[0]", "turns", "warn", f"a turn was added: {options.first_role} must speak first"))
    return {**request, "turns": turns}, tuple(losses)


def _filler(role: str) -> Turn:
    return {"role": role, "parts": [{"kind": "text", "text": FILLER}]}


def _spoken_by(turn: Turn, role: str, wrap: Wrap | None) -> Turn:
    if turn["role"] != "system":
        return turn
    parts = turn["parts"]
    if wrap is not None:
        parts = [{**part, "text": wrap(part["text"])} if part["kind"] == "text" else part for part in parts]
    return {**turn, "role": role, "parts": parts}


def _paired(turns: list[Turn], losses: list[Loss], *, answer: bool, orphans: bool) -> list[Turn]:
    """Put the results of a turn's calls directly behind it, in the order of the calls.

    `answer`: calls without result get one; `orphans`: results without call are told as text.
    """
    if is_paired(turns):
        return [*turns, *_answers(turns[-1], len(turns) - 1, {}, losses, answer=answer)] if turns else turns
    results = {part["id"]: part for turn in turns for part in turn["parts"] if part["kind"] == "tool_result"}
    if not results and not answer:
        return turns
    paired: list[Turn] = []
    placed: set[int] = set()  # identities of the result parts that found their call
    for number, turn in enumerate(turns):
        if turn["role"] != "assistant":
            parts = [part for part in turn["parts"] if id(part) not in placed]
            for early in parts:  # a result does not answer a call that comes after it
                if early["kind"] == "tool_result" and id(early) == id(results.get(early["id"])):
                    results.pop(early["id"])
            if orphans:
                parts = _orphans_told(parts, number, losses)
            paired.append({**turn, "parts": parts})
            continue
        paired.append(turn)
        for answers in _answers(turn, number, results, losses, answer=answer):
            placed.update(id(part) for part in answers["parts"])
            paired.append(answers)
    return paired


def is_paired(turns: list[Turn]) -> bool:
    """Whether the next turn answers the calls of each, in their order, but for those of the last, and nothing else."""
    awaited: list[str] = []
    answered: set[str] = set()
    count = 0
    for turn in turns:
        parts, role = turn["parts"], turn["role"]
        results = [part["id"] for part in parts if part["kind"] == "tool_result"]
        if results != awaited:
            return False
        if results:
            if role != "user" or "name" in turn:
                return False
            answered.update(results)
            count += len(results)
            awaited = []
        if role == "assistant":
            awaited = [part["id"] for part in parts if part["kind"] == "tool_call"]
            if not answered.isdisjoint(awaited):
                return False
    return count == len(answered)


def _answers(turn: Turn, number: int, results: Mapping[str, Part], losses: list[Loss], *, answer: bool) -> list[Turn]:
    """Give the turn with the results of a turn's calls, if there are any; `answer`: also of calls without."""
    answers: list[Part] = []
    calls = enumerate(turn["parts"]) if turn["role"] == "assistant" else ()
    for place, part in calls:
        if part["kind"] != "tool_call":
            continue
        result = results.get(part["id"])
        if result is None and answer:
            result = _no_result(part)
            where = f"turns[{number}].parts[{place}]"
            losses.append(Loss(where, "turns.parts.tool_call", "warn", "the call had no result; one was added"))
        if result is not None:
            answers.append(result)
    return [{"role": "user", "parts": answers}] if answers else []


def _no_result(call: Part) -> Part:
    result = {"kind": "tool_result", "id": call["id"], "name": call["name"], "error": True,
              "parts": [{"kind": "text", "text": NO_RESULT}]}  # fmt: skip
    return {**result, "custom": True} if call.get("custom") else result


def _orphans_told(parts: list[Part], number: int, losses: list[Loss]) -> list[Part]:
    told: list[Part] = []
    for place, part in enumerate(parts):
        if part["kind"] != "tool_result":
            told.append(part)
            continue
        text = "\n".join(inner["text"] for inner in part["parts"] if inner["kind"] == "text")
        marks = [held["cache"] for held in (part, *part["parts"]) if held["kind"] in _TOLD and "cache" in held]
        told.append({"kind": "text", "text": f"[tool result {part.get('name') or part['id']}]: {text}",
                     **({"cache": marks[-1]} if marks else {})})  # fmt: skip
        told.extend(inner for inner in part["parts"] if inner["kind"] != "text")
        where = f"turns[{number}].parts[{place}]"
        losses.append(Loss(where, "turns.parts.tool_result", "warn", "the result had no call; it was told as text"))
    return told
