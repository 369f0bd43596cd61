"""Every command stands in the documentation of operations, with all of its options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from torouter.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
SHOWN = "\n".join(re.findall(r"(?ms)^```sh\n(.*?)^```", PAGE))


def commands(group: click.Group = main, name: str = "torouter") -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name; a group stands for its commands."""
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


COMMANDS = dict(commands())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_shown_with_its_arguments(name: str) -> None:
    assert re.search(rf"(?m)^{re.escape(name)}( |$)", SHOWN)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_shown(name: str) -> None:
    options = [option for parameter in COMMANDS[name].params for option in parameter.opts if option.startswith("--")]
    assert [option for option in options if not re.search(rf"{option}(?![\w-])", PAGE)] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_it_does(name: str) -> None:
    assert (COMMANDS[name].help or "").strip()
