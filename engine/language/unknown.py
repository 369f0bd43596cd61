"""Values that are not known yet: rules run on them tell what holds for any value in their place.

What a rule hands on stays what it is; whoever looks closer (compares, measures, cuts, writes) fails. So what comes of a
run that did not fail comes of every value that could have stood there. What only joins texts gives another unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn


class Looked(Exception):
    """Something hangs on a value that is not known."""


class Unknown:
    """A text of which no more is known than that, or, with `filled`, than that it is not empty.

    With `kind` None only that it is neither a list nor an object: who asks for its type otherwise looks.
    """

    __slots__ = ("_filled", "_kind")

    def __init__(self, kind: type[str] | None = str, *, filled: bool = False) -> None:
        self._kind = kind
        self._filled = filled

    def __bool__(self) -> bool:
        if not object.__getattribute__(self, "_filled"):
            raise Looked
        return True

    def __getattribute__(self, name: str) -> Any:
        kind = object.__getattribute__(self, "_kind")
        if name != "__class__" or kind is None:  # which `isinstance` asks
            raise Looked
        return kind

    def _looked(self, *_: object) -> NoReturn:
        raise Looked

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _looked
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __mod__ = _looked
    __len__ = __iter__ = __contains__ = __getitem__ = _looked
    __str__ = __repr__ = __format__ = __int__ = __float__ = __index__ = __hash__ = _looked


class Joined(Unknown):
    """Texts one after the other, of which at least one is not known."""

    __slots__ = ("_pieces",)

    def __init__(self, pieces: Sequence[Any]) -> None:
        filled = (object.__getattribute__(it, "_filled") if is_unknown(it) else bool(it) for it in pieces)
        super().__init__(filled=any(filled))
        self._pieces = tuple(pieces)


def is_unknown(value: Any) -> bool:
    """Tell whether a value is not known."""
    return issubclass(type(value), Unknown)


def known(value: Any) -> None:
    """Raise Looked for a value that is not known: for code that fails quietly on what is no text after all."""
    if is_unknown(value):
        raise Looked


def pieces_of(value: Any) -> tuple[Any, ...]:
    """Give what a text that is not known was joined of."""
    return object.__getattribute__(value, "_pieces") if type(value) is Joined else (value,)


def joined(separator: Any, texts: Iterable[Any]) -> Any:
    """Join texts some of which are not known; raises Looked where that tells of one of them."""
    pieces = list(texts)
    if len(pieces) == 1:
        return pieces[0]
    if is_unknown(separator) or separator:
        raise Looked
    return Joined([each for piece in pieces for each in pieces_of(piece)])
