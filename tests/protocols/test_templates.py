"""The shipped templates that a request or an answer needs are read without the library of templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

import pytest
from ruamel.yaml import YAML
from torouter.language.phrases import read_phrase
from torouter.language.scope import Layout, Scope
from torouter.language.text import is_template

FOLDERS = [folder for folder in files("torouter.transforms").iterdir() if folder.joinpath("protocol.yaml").is_file()]


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str) and not value.startswith("=") and is_template(value):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(inner)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda it: it.name)
def test_no_mapping_of_a_protocol_needs_the_library_of_templates(folder) -> None:
    reader, left = YAML(typ="safe"), []
    for file in folder.iterdir():
        for text in texts(reader.load(file.read_text("utf-8"))) if file.name.endswith(".yaml") else ():
            names = re.findall(r"[a-z_]+", text)
            if read_phrase(text, Scope.of_roots(Layout(), names)) is None:
                left.append((file.name, text))
    assert left == []
