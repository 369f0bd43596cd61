"""The cases as pages for readers: one for each client protocol, by upstream and topic, with what goes in and out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from .case import CANONICAL, ERROR, REQUEST, STREAM, Case
from .text import yaml_lines

INDEX = "README.md"

_HEAD = """\
# Translations

What becomes of a message on its way between a client and a model that speak different protocols. Every entry is a case
that the tests run: it stands in `transforms/CLIENT/cases/UPSTREAM/`, and [protocols](../protocols.md#cases) explains
its form. These pages are made from those files by `make translation`.

A request goes from the client to the upstream; answers, streams and errors go back. What does not arrive is named under
*not carried*, in the words of [the canonical model](../canonical.md), with what happens: `warn` tells the client in the
header `x-torouter-warnings`, `drop` is written into the log only.
"""

_TWO = {True: ("the client sends", "the upstream gets"), False: ("the upstream sends", "the client gets")}


def render(cases: Iterable[Case]) -> dict[str, str]:
    """The pages, in Markdown, by their file names."""
    pairs: dict[tuple[str, str], list[Case]] = {}
    sides: dict[str, list[Case]] = {}
    for case in cases:
        if CANONICAL in case.parties:
            sides.setdefault(next(name for name in case.parties if name != CANONICAL), []).append(case)
        else:
            pairs.setdefault(case.parties, []).append(case)
    pages = {INDEX: "\n".join((_HEAD, *_contents(pairs), *_sides(sides)))}
    for client in dict.fromkeys(client for client, _ in pairs):
        own = {upstream: some for (name, upstream), some in pairs.items() if name == client}
        pages[f"{client}.md"] = "\n".join(_page(client, own))
    return pages


def _contents(pairs: Mapping[tuple[str, str], list[Case]]) -> Iterator[str]:
    yield "| client | upstream | cases |"
    yield "|---|---|---|"
    for (client, upstream), cases in pairs.items():
        yield f"| {client} | {upstream} | [{len(cases)}]({client}.md#a-model-behind-{upstream}) |"
    yield ""


def _page(client: str, upstreams: Mapping[str, list[Case]]) -> Iterator[str]:
    yield f"# A client of {client}"
    yield ""
    yield f"Made by `make translation`; [what this is]({INDEX})."
    yield ""
    for upstream, cases in upstreams.items():
        yield f"## A model behind {upstream}"
        yield ""
        for topic, some in groupby(cases, lambda case: case.topic):
            yield f"### {topic[:1].upper()}{topic[1:]}"
            yield ""
            for case in some:
                yield from _case(case)


def _case(case: Case) -> Iterator[str]:
    yield f"**{case.name}**: {_sentence(case)}"
    yield ""
    sent, received = _TWO[case.what == REQUEST]
    if case.data.get("target"):
        yield from _shown("the target", case.data["target"])
    if case.data.get("request"):
        yield from _shown("the client had asked", case.data["request"])
    yield from _shown(sent, case.data["in"], stream=case.what == STREAM)
    if "out" in case.data:
        yield from _shown(received, case.data["out"], stream=case.what == STREAM)
    else:
        named = case.data["rejected"]
        yield f"*The request is refused*{f', and the error names `{named}`' if named else ''}."
        yield ""
    if case.data.get("losses"):
        told = ", ".join(f"`{place}` ({severity})" for place, severity in case.data["losses"].items())
        yield f"*Not carried*: {told}."
        yield ""


def _sentence(case: Case) -> str:
    sources = case.data.get("source", ())
    listed = [sources] if isinstance(sources, str) else list(sources)
    told = f" ({'; '.join(listed)})" if listed else ""
    return f"{case.data['why']}{told}."


def _shown(title: str, value: object, *, stream: bool = False) -> Iterator[str]:
    yield f"*{title}*"
    yield ""
    yield "```yaml"
    if stream and isinstance(value, list):
        for item in value:
            first, *rest = yaml_lines(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        yield from yaml_lines(value)
    yield "```"
    yield ""


def _sides(sides: Mapping[str, list[Case]]) -> Iterator[str]:
    yield "## One protocol and the canonical form"
    yield ""
    yield "What each protocol's own cases show, in `transforms/PROTOCOL/cases/`."
    yield ""
    for protocol, cases in sides.items():
        yield f"### {protocol}"
        yield ""
        for heading, some in groupby(sorted(cases, key=_order), _heading):
            yield f"{heading}"
            yield ""
            yield from (f"- {case.name}: {case.data['why']}" for case in some)
            yield ""


def _order(case: Case) -> tuple[bool, str]:
    return (case.receiver != CANONICAL, case.what)


def _heading(case: Case) -> str:
    plural = {ERROR: "errors", REQUEST: "requests", STREAM: "streams"}.get(case.what, f"{case.what.rstrip('s')}s")
    return f"*{plural.capitalize()}, {'read' if case.receiver == CANONICAL else 'written'}*"
