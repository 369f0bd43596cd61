"""Plain YAML scalars: the core schema of YAML 1.2, where only JSON's types exist.

`true`, `null`, `12`, `0x1F`, `0o17`, `1.5` and `~` are what YAML 1.2 says; dates, `yes`, `1_000` and `.inf` stay text.
"""

import math
import re

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE"))
_FALSE = frozenset(("false", "False", "FALSE"))
_INT = re.compile(r"[-+]?[0-9]+")
_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_OLD_BOOLEAN = re.compile(r"yes|no|on|off", re.IGNORECASE)
_OLD_NUMBER = re.compile(r"[-+]?[0-9][0-9]*(?:_[0-9]+)+")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")

# Longer numbers are no setting of anything, and Python refuses to read them beyond a few thousand digits.
_MAX_DIGITS = 300


class TooLarge(ValueError):
    """A number that no JSON reader holds."""


def read_scalar(text: str) -> object:
    """The value of a plain scalar; raises TooLarge for numbers beyond what JSON readers hold."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _BASE.fullmatch(text):
        return int(text, 0)
    number = _FLOAT.fullmatch(text)
    if number and len(text) > _MAX_DIGITS:
        raise TooLarge(text)
    if _INT.fullmatch(text):
        return int(text)
    if number:
        value = float(text)
        if math.isinf(value):
            raise TooLarge(text)
        return value
    return text


def surprise(text: str) -> tuple[str, str] | None:
    """What a reader may not expect of a plain scalar, if anything, and how to write what is meant."""
    if _OLD_BOOLEAN.fullmatch(text):
        meant = str(text.lower() in ("yes", "on")).lower()
        return f"{text} is text here, not a boolean", f"write {meant}, or quote it if text is meant"
    if _OLD_NUMBER.fullmatch(text):
        plain = text.replace("_", "")
        return f"{text} is text here, not a number", f"write {plain}, or quote it if text is meant"
    if _LEADING_ZERO.fullmatch(text):
        return f"{text} is the number {int(text)} here", f"write {int(text)}, or quote it if text is meant"
    return None
