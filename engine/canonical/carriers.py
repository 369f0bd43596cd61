"""Opaque values: who may read them, and how they travel through a protocol that has no place for them.

Inside the gateway an opaque value is always sealed: base64 of NUL family NUL value. A family name starts with a
letter; names that start with `@` are the engine's own and mark a value that rides on a neighbour of its part, whose
kind follows: `@next.text`.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Collection, Sequence
from typing import Any

Part = dict[str, Any]

NEXT = "@next"  # the value belongs to the part after the carrier
PREVIOUS = "@previous"  # the value became known only after its part had gone out

_SEALED = re.compile(r"\0([a-z@][a-z0-9._-]*)\0(.*)", re.DOTALL)
_HEAD = re.compile(rb"\0[a-z@][a-z0-9._-]*\0")
_WRITTEN = re.compile(rb'"(A[EGH](?:[\w+/-]|\\/){6,60})')  # in JSON: NUL and the first letter of a family, in base64


def seal(family: str, value: str) -> str:
    """Tag `value` with the family that can read it; a sealed value stays as it is."""
    return value if _open(value) else _wrap(family, value)


def unseal(family: str, value: str) -> str | None:
    """Return the bare value for an upstream of `family`, or None when it belongs to another family or to nobody."""
    found = _open(value)
    return found[1] if found and found[0] == family else None


def carry(family: str, value: str) -> str:
    """Return the form that a client of `family` may hold: its own value bare, a foreign one sealed."""
    found = _open(value)
    return found[1] if found and found[0] == family else value


def family_of(value: str) -> str | None:
    """Return the family of a sealed value, or None for a bare one."""
    found = _open(value)
    return found[0] if found else None


def holds_sealed(document: bytes) -> bool:
    """Whether a JSON text holds a sealed value anywhere, also in the other alphabet of base64."""
    return any(_HEAD.match(_bytes_of(found[1])) for found in _WRITTEN.finditer(document))


def families_of(request: dict[str, Any]) -> list[str]:
    """Name the families whose values a canonical request carries, the one that answered last first."""
    values = [
        part[member]
        for turn in request.get("turns") or ()
        for part in turn["parts"]
        for member in ("signature", "redacted")
        if member in part
    ]
    return list(dict.fromkeys(family for value in reversed(values) if (family := family_of(value)) is not None))


def carrier(signature: str, kind: str, place: str = NEXT) -> Part:
    """Make the reasoning part that carries the signature of a neighbour of this kind (`place`: NEXT or PREVIOUS)."""
    return {"kind": "reasoning", "signature": _wrap(f"{place}.{kind}", signature)}


def needs_carrier(part: Part, slots: Collection[str]) -> bool:
    """Whether a client whose protocol has signature slots on the kinds `slots` would lose the part's signature."""
    return "signature" in part and part["kind"] not in slots and "reasoning" in slots


def attach(parts: Sequence[Part], slots: Collection[str]) -> list[Part]:
    """Put a carrier before every part of an answer whose signature the client cannot hold."""
    attached: list[Part] = []
    for part in parts:
        if needs_carrier(part, slots):
            attached.append(carrier(part["signature"], part["kind"]))
        attached.append(part)
    return attached


def attach_response(response: dict[str, Any], slots: Collection[str]) -> dict[str, Any]:
    """Return the response with carriers in every output, itself if none needs one; see `attach`."""
    if not [True for output in response["outputs"] for part in output["parts"] if needs_carrier(part, slots)]:
        return response
    outputs = [{**output, "parts": attach(output["parts"], slots)} for output in response["outputs"]]
    return {**response, "outputs": outputs}


def detach(parts: Sequence[Part]) -> list[Part]:
    """Take carriers off and give their values back to the neighbours they belong to.

    Where reasoning was moved to the front, only reasoning stands between. A carrier whose neighbour is gone, or already
    signed, vanishes: its value means nothing elsewhere.
    """
    detached: list[Part] = []
    waiting: dict[str, str] = {}  # kind of the neighbour, value
    for part in parts:
        carried = _carried(part)
        if carried is not None:
            place, kind, value = carried
            if place == PREVIOUS and detached and detached[-1]["kind"] == kind:
                detached[-1] = {"signature": value, **detached[-1]}
            else:
                waiting[kind] = value
            continue
        if part["kind"] in waiting:
            part = {"signature": waiting[part["kind"]], **part}
        if part["kind"] != "reasoning":
            waiting = {}
        detached.append(part)
    return detached


def has_carrier(parts: Sequence[Part]) -> bool:
    """Whether any part is a carrier."""
    return bool([part for part in parts if part["kind"] == "reasoning" and _carried(part) is not None])


def _carried(part: Part) -> tuple[str, str, str] | None:
    """Give the place, the kind of the neighbour and its value, if a part is a carrier."""
    if part["kind"] == "reasoning" and "signature" in part:
        found = _open(part["signature"])
        if found:
            place, _, kind = found[0].partition(".")
            if place in (NEXT, PREVIOUS):
                return place, kind, found[1]
    return None


def _wrap(family: str, value: str) -> str:
    return b64encode(f"\0{family}\0{value}".encode()).decode("ascii")


def _open(value: str) -> tuple[str, str] | None:
    if not value.startswith("A"):  # every sealed value does: its first byte is 0
        return None
    try:
        text = b64decode(value, validate=True).decode("utf-8")
    except (Base64Error, ValueError):
        return None
    found = _SEALED.fullmatch(text)
    return (found[1], found[2]) if found else None


def _bytes_of(text: bytes) -> bytes:
    plain = text.replace(b"\\", b"")
    return b64decode(plain[: len(plain) // 4 * 4], altchars=b"-_" if b"-" in plain or b"_" in plain else None)
