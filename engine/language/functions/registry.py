"""How a function enters the library: by name, with its meaning and examples."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

Reads = Literal["whole", "any", "first", "text", "texts", "named", "presence"]
Run = TypeVar("Run", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Example:
    """One call, as an expression, and what it gives."""

    call: str
    gives: Any


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the library; `most` is None where any number of arguments may follow.

    `reads` says what it does with its arguments: makes something of the `whole` values (where nothing else is said),
    gives `any` of them or the `first` one as it is, gives the one that is `text`, joins the `texts` of the first, takes
    `named` members of the first, or looks only at the `presence` of values. `inline` is the same function as a Python
    expression over the names of its arguments' values, and of itself as `run`.
    """

    name: str
    parameters: str
    meaning: str
    theme: str
    run: Callable[..., Any]
    least: int
    most: int | None
    examples: tuple[Example, ...]
    reads: Reads = "whole"
    inline: str | None = None


class Registry:
    """Collects the functions of one theme."""

    def __init__(self, theme: str) -> None:
        self.theme = theme
        self.functions: list[Function] = []

    def add(
        self, *examples: tuple[str, Any], name: str | None = None, reads: Reads = "whole", inline: str | None = None
    ) -> Callable[[Run], Run]:
        """Register a function under its own name; its docstring's first line is its meaning."""

        def register(run: Run) -> Run:
            signature = inspect.signature(run)
            parameters = list(signature.parameters.values())
            variadic = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)
            positional = [parameter for parameter in parameters if parameter.kind is not parameter.VAR_POSITIONAL]
            self.functions.append(
                Function(
                    name=name or run.__name__,
                    parameters=", ".join(_shown(parameter) for parameter in parameters),
                    meaning=(inspect.getdoc(run) or "").split("\n", 1)[0],
                    theme=self.theme,
                    run=run,
                    least=sum(parameter.default is parameter.empty for parameter in positional),
                    most=None if variadic else len(positional),
                    examples=tuple(Example(call, gives) for call, gives in examples),
                    reads=reads,
                    inline=inline,
                )
            )
            return run

        return register


def _shown(parameter: inspect.Parameter) -> str:
    if parameter.kind is parameter.VAR_POSITIONAL:
        return f"{parameter.name}…"
    return parameter.name if parameter.default is parameter.empty else f"[{parameter.name}]"
