"""Features that may be added to a request, and the places of a body that each may change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from torouter.config.document import load_document
from torouter.diagnostics import Diagnostics

from tests.laws.strategies import PNG

Json = dict[str, Any]

_SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}
_ABSENT: Any = object()


def _member(name: str, value: Any) -> Callable[[Json], None]:
    def add(request: Json) -> None:
        request[name] = value

    return add


def _sampling(name: str, value: float) -> Callable[[Json], None]:
    def add(request: Json) -> None:
        request.setdefault("sampling", {})[name] = value

    return add


def _said(part: Json) -> Callable[[Json], None]:
    def add(request: Json) -> None:
        request["turns"][-1]["parts"].append(part)

    return add


def _system(request: Json) -> None:
    request["system"].append({"kind": "text", "text": "Added."})


def _tool(request: Json) -> None:
    request["tools"].append({"kind": "function", "name": "added", "schema": _SCHEMA})


def _cache(request: Json) -> None:
    request["turns"][-1]["parts"][-1]["cache"] = {}


FEATURES: Mapping[str, Callable[[Json], None]] = {
    "system": _system,
    "text": _said({"kind": "text", "text": "Added."}),
    "image": _said({"kind": "image", "data": PNG, "media_type": "image/png"}),
    "cache": _cache,
    "tool": _tool,
    "tool_choice": _member("tool_choice", {"mode": "required"}),
    "parallel_tools": _member("parallel_tools", False),
    "temperature": _sampling("temperature", 0.25),
    "top_p": _sampling("top_p", 0.75),
    "top_k": _sampling("top_k", 3),
    "seed": _sampling("seed", 11),
    "stop": _member("stop", ["ADDED"]),
    "max_output": _member("max_output", 3000),
    "json_object": _member("format", {"kind": "json_object"}),
    "json_schema": _member("format", {"kind": "json_schema", "name": "added", "schema": _SCHEMA}),
    "effort": _member("reasoning", {"effort": "high"}),
    "user_id": _member("user_id", "user-2"),
    "metadata": _member("metadata", {"added": "b"}),
    "stream": _member("stream", True),
}


def with_feature(request: Json, name: str) -> Json:
    """Give a copy of a request that also asks for this."""
    fuller = deepcopy(request)
    FEATURES[name](fuller)
    return fuller


def concerns(client: str, upstream: str, name: str) -> list[str]:
    """Give the places of the upstream's body that a feature may change when a client of this protocol asks for it."""
    said = [name, *_facts(client).get("client", {}).get(name, ())]
    return [place for feature in said for place in _facts(upstream)["upstream"].get(feature, ())]


@cache
def _facts(protocol: str) -> Mapping[str, Any]:
    document = load_document(Path(__file__).parent / "features.yaml", "features.yaml", "tests", Diagnostics())
    assert document is not None
    data: Any = document.data
    return data[protocol]


def changed(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Give every place that differs, with `first` or `last` for the items at the ends of a list."""
    one, other = _beside(one, other), _beside(other, one)
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            yield from changed(one.get(name, _ABSENT), other.get(name, _ABSENT), f"{path}.{name}".removeprefix("."))
    elif isinstance(one, list) and isinstance(other, list):
        longest = max(len(one), len(other))
        for index in range(longest):
            item = "last" if index == longest - 1 else str(index) if index else "first"
            mine, theirs = (side[index] if index < len(side) else _ABSENT for side in (one, other))
            yield from changed(mine, theirs, f"{path}.{item}")
    elif one is not other and one != other:
        yield path


def _beside(value: Any, other: Any) -> Any:
    """Give a value; one that is absent is an object without members beside an object that has some."""
    return {} if value is _ABSENT and isinstance(other, dict) and other else value
