"""The engine is ignorant: no text in it names a protocol, a vendor, a model, or a member that only protocols have.

The list of forbidden words is not written by hand: it is what the YAML of the shipped protocols reads and writes and
the canonical model lacks. Words that mean something outside any protocol are reviewed and listed below, with a reason.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from torouter.canonical import schema
from torouter.canonical.loss import dotted
from torouter.config.document import load_document
from torouter.diagnostics import Diagnostics
from torouter.language.expressions import ExpressionError, parse
from torouter.language.functions import LIBRARY

PROJECT = Path(__file__).parents[1]
SOURCES = sorted((PROJECT / "engine").rglob("*.py"))

# Vendors and families of models: these stand nowhere, not even inside another word.
BRANDS = re.compile(
    r"openai|anthropic|claude|gemini|google|vertex|bedrock|azure|openrouter|deepseek|mistral|llama|groq|qwen|grok|\bgpt\b"
    r"|gpt-\d|chatgpt|sonnet|haiku|opus|chat.completions?\b|completions api|responses api|messages api",
    re.IGNORECASE,
)

# Words of protocols that mean something without them too; each is used here in that meaning.
COMMON: Mapping[str, str] = {
    **dict.fromkeys(("body", "request", "target"), "a root that mappings read"),
    **dict.fromkeys(("item", "tool", "result", "calls", "owner", "plain", "any", "started", "more", "last", "failed"), "plain English"),
    **dict.fromkeys(("array", "object", "properties", "string", "false", "true", "null", "number", "boolean", "integer"), "JSON and JSON Schema"),
    **dict.fromkeys(("mp3", "wav", "png", "webp", "jpeg"), "endings of files"),
    **dict.fromkeys(("ended",), "the member of a stream's state that the engine sets"),
    **dict.fromkeys(("bytes",), "a member of the access log"),
    **dict.fromkeys(("level",), "SARIF"),
    **dict.fromkeys(("uri",), "SARIF, and a format of JSON Schema"),
    **dict.fromkeys(("segment",), "a filter of templates"),
    **dict.fromkeys(("torouter",), "the project's own name"),
    **dict.fromkeys(("retry-after",), "HTTP, RFC 9110"),
    **dict.fromkeys(("filename",), "the parameter that names a file in a form, RFC 7578"),
    **dict.fromkeys(("requests",), "what clients send"),
    **dict.fromkeys(("provider_unconfigured", "previous_not_found", "upstream_unavailable"), "a code of the gateway's own errors"),
    **dict.fromkeys(("sse",), "a framing, the WHATWG's server-sent events"),
}


def literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every text in a file but its docstrings, with its line; f-strings give their pieces."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body and isinstance(node.body[0], ast.Expr)
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Every comment and every text, docstrings included, with its line."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING) or tokenize.tok_name[token.type] == "FSTRING_MIDDLE":
            yield token.start[0], token.string


_NAMING = ("$let", "$with", "define", "tables")  # their members are names that a file gives to its own things
_NOT_WIRE = ("args", "$as", "$use", "$lookup", "description", "source", "state", "set", "loss")


def _texts(value: Any) -> Iterator[str]:
    """Give the members and values of a file that may stand on the wire."""
    if isinstance(value, dict):
        for name, member in value.items():
            if name in _NAMING and isinstance(member, dict):
                for inner in member.values():
                    yield from _texts(inner)
            elif name not in _NOT_WIRE:
                yield name
                yield from _texts(member)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def _names(node: Any, *, root: bool = True) -> Iterator[str]:
    """Give the members and texts of an expression; the first name of a path is a root, not a member."""
    if not isinstance(node, dict):
        return
    if node["type"] in ("field", "literal") and isinstance(node["value"], str) and not (root and node["type"] == "field"):
        yield node["value"]
    along = node["type"] in ("subexpression", "index_expression", "pipe", "flatten") or "projection" in node["type"]
    for place, child in enumerate(node["children"]):
        yield from _names(child, root=root and (place == 0 or not along))


@cache
def words_of_protocols() -> frozenset[str]:
    """What the shipped transforms read and write: members, values, kinds of events."""
    words: set[str] = set()
    for path in sorted((PROJECT / "transforms").glob("*/*.yaml")):
        document = load_document(path, str(path), "tests", Diagnostics())
        assert document is not None
        if (path.parent / "protocol.yaml").exists():
            words.add(path.parent.name)
        for text in _texts(document.data):
            try:
                words |= set(_names(parse(text[1:]))) if text.startswith("=") else set(text.split("|"))
            except ExpressionError:
                continue
    return frozenset(word for word in words if re.fullmatch(r"[a-z][a-z0-9_.-]{2,}", word))


@cache
def words_of_the_model() -> frozenset[str]:
    """The members, kinds and other fixed values of the canonical model."""

    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from value.get("properties", {})
            yield from (item for item in value.get("enum", ()) if isinstance(item, str))
            yield from (value["const"],) if isinstance(value.get("const"), str) else ()
            for member in value.values():
                yield from walk(member)
        elif isinstance(value, list):
            for item in value:
                yield from walk(item)

    words = {word for name in schema.NAMES for word in walk(schema.load(name))}
    return frozenset(words | {dotted(path) for name in ("request", "response") for path in schema.paths(name)})


@cache
def words_of_yaml() -> frozenset[str]:
    """What the files of the project may say: members of their schemas, and the functions of the language."""
    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from value.get("properties", {})
            yield from (item for item in value.get("enum", ()) if isinstance(item, str))
            for member in value.values():
                yield from walk(member)
        elif isinstance(value, list):
            for item in value:
                yield from walk(item)

    files = [*(PROJECT / "schema").glob("*.json"), *(PROJECT / "schema" / "transform").glob("*.json")]
    return frozenset(word for file in files for word in walk(json.loads(file.read_text("utf-8")))) | LIBRARY.keys()


def forbidden() -> frozenset[str]:
    return words_of_protocols() - words_of_the_model() - words_of_yaml() - COMMON.keys()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_no_text_names_a_vendor_a_model_or_a_protocol(path: Path) -> None:
    found = [f"{line}: {text}" for line, text in prose(path.read_text("utf-8")) if BRANDS.search(text)]
    assert found == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_no_text_is_a_word_that_only_a_protocol_has(path: Path) -> None:
    unknown = forbidden()
    found = [f"{line}: {text}" for line, text in literals(ast.parse(path.read_text("utf-8"))) if text in unknown]
    assert found == []


@pytest.mark.parametrize("word", ["tool_use", "finish_reason", "content_block_delta", "prompt_tokens", "max_tokens"])
def test_the_words_that_matter_are_forbidden(word: str) -> None:
    assert word in forbidden()


def used() -> set[str]:
    return {text for path in SOURCES for _, text in literals(ast.parse(path.read_text("utf-8")))}


def test_no_common_word_is_listed_for_nothing() -> None:
    assert sorted(COMMON.keys() - used()) == []
