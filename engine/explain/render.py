"""An explanation as text for people, or as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from .report import Answer, Candidate, Credential, Explanation, Sent, StandIn

_WIDTH = 12
_UNAVAILABLE = 503


def render_json(explanation: Explanation) -> str:
    """A JSON object with the members of `Explanation`."""
    return _json(explanation) + "\n"


def render_text(explanation: Explanation) -> str:
    """Everything that is known, in the order of the steps."""
    return "".join(f"{line}\n" for line in _lines(explanation)).lstrip("\n")


def _lines(explanation: Explanation) -> Iterator[str]:
    endpoint, resolution = explanation.endpoint, explanation.resolution
    if endpoint is not None:
        yield _row("endpoint", f"{endpoint.id}  {endpoint.match}  {endpoint.where}")
        if endpoint.guessed:
            yield _row("", "guessed from the body; --path chooses another")
    if explanation.credential is not None:
        yield from _credential(explanation.credential)
    if resolution is not None:
        yield _row("model", f"{resolution.asked}  {resolution.where}")
        if resolution.asked != resolution.model:
            yield _row("", f"{resolution.how}: {resolution.model}")
    yield from _listed("targets", [_target(target) for target in explanation.targets])
    if explanation.sticky is not None:
        value = explanation.sticky.value
        said = f"by {value}" if value is not None else "not: it has no such value"
        yield _row("sticks", f"{said}  {explanation.sticky.expression}  {explanation.sticky.where}")
    yield from _listed("fallbacks", [_stand_in(it) for it in explanation.fallbacks])
    yield from _listed("lost", [f"{loss.path}  {loss.severity}: {loss.reason}" for loss in explanation.losses])
    if explanation.request is not None:
        yield from _sent(explanation.request)
    if explanation.answer is not None:
        yield from _answer(explanation.answer)
    if explanation.answer is not None and explanation.answer.status == _UNAVAILABLE and explanation.targets:
        yield ""
        yield f"--provider {explanation.targets[0].provider} explains its call all the same."


def _credential(credential: Credential) -> Iterator[str]:
    taken = ", ".join(credential.taken) or "none is in the request"
    yield _row("credential", f"{taken}  (read from: {', '.join(credential.places)})")
    yield _row("key", f"{credential.key}, group {credential.group}")


def _target(target: Candidate) -> str:
    spoken = f"{target.protocol}, dialect {target.dialect}" if target.dialect else target.protocol
    state = f"skipped: {target.skipped}" if target.skipped else f"{target.turn}."
    share = f"shares: {target.share}" if target.share else None
    return "  ".join(filter(None, (target.provider, target.model, spoken, state, share, target.where)))


def _stand_in(it: StandIn) -> str:
    after = f"after {', '.join(it.on)}" if it.on else None
    skipped = f"skipped: {it.skipped}" if it.skipped else None
    return "  ".join(filter(None, (it.model, it.provider, after, skipped, it.where)))


def _sent(sent: Sent) -> Iterator[str]:
    if sent.way == "passthrough":
        yield _row("body", "passes through, byte for byte" + (" but for" if sent.changes else ""))
        yield from (_row("", change) for change in sent.changes)
    else:
        yield _row("body", "translated")
    yield ""
    if sent.transport == "sandbox":
        yield f"Answered by the {sent.transport}, inside the process; nothing goes out:"
    yield f"{sent.method} {sent.url}"
    yield from (f"{name}: {value}" for name, value in sent.headers.items())
    yield ""
    yield _json(sent.body)
    if sent.fields:
        yield ""
        width = max(len(made.path) for made in sent.fields)
        yield from (f"{made.path.ljust(width)}  {made.where}" for made in sent.fields)


def _answer(answer: Answer) -> Iterator[str]:
    yield ""
    yield "The client gets an error:" if answer.status >= 400 else "The gateway answers by itself:"
    yield f"HTTP {answer.status}"
    yield from (f"{name}: {value}" for name, value in answer.headers.items())
    yield ""
    yield _json(answer.body)


def _listed(name: str, lines: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield _row("" if number else name, line)


def _row(name: str, text: str) -> str:
    return f"{name:<{_WIDTH}}{text}"


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
