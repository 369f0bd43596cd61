"""The strict check of a request's head: what two readers could understand differently is refused.

The server library's own parser takes much that RFC 9112 forbids; a proxy in front that is as lenient, but in another
way, would then see other requests than we do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MAX_HEADERS = 100
MAX_LINE = 8192

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_HEAD = re.compile(
    rb"([A-Z]{1,20}) (/[\x21\x22\x24-\x7e]*) HTTP/1\.([01])(?:\r\n" + _TOKEN + rb":[\x20\t\x21-\x7e\x80-\xff]*+)*+"
)
_BEGUN = re.compile(rb"[A-Z]{1,20}(?:\Z| [^\r\n]*(?:\r?\Z|(?<= HTTP/1\.[01])\r\n))")
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")
_GENERAL = ("host", "content-length", "transfer-encoding", "content-type", "content-encoding", "expect")
_VALUES = (
    ("host", re.compile(r"[A-Za-z0-9.\-_\[\]:]{1,255}")),
    ("content-length", re.compile(r"[0-9]{1,18}")),
    ("transfer-encoding", re.compile(r"chunked")),
)
_MESSAGES = {
    400: "The request is malformed.",
    405: "This method is not known here.",
    414: "The address is too long.",
    431: "The request has too many headers.",
}


class RefusedHead(Exception):
    """The head is not taken; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(_MESSAGES[status])
        self.status = status


class Head(NamedTuple):
    """The head of a request: the address as it was sent, and its fields by name.

    Names are in lower case, values without the blanks around them; values of a name that stands twice are one list.
    """

    method: str
    target: str
    old: bool  # HTTP/1.0
    fields: Mapping[str, str]

    @property
    def persists(self) -> bool:
        """Whether the connection may be used for another request; not behind a wish to speak something else on it."""
        said = self.fields.get("connection")
        if said is None:
            return not self.old
        options = {option.strip() for option in said.lower().split(",")}
        return not options & {"close", "upgrade"} and (not self.old or "keep-alive" in options)


class HeadCheck:
    """Reads raw heads strictly. `single` names more fields that may stand only once, such as those of credentials."""

    def __init__(self, single: Iterable[str] = ()) -> None:
        self._single = frozenset(name.lower() for name in (*_GENERAL, *single))

    def read(self, head: bytes) -> Head:
        """The head, given without its closing empty line.

        Raises RefusedHead unless it can be understood in one way only.
        """
        found = _HEAD.fullmatch(head)
        if found is None:
            raise RefusedHead(400)
        if found.end(2) > MAX_LINE:
            raise RefusedHead(414)
        _, *lines = head.decode("utf-8", "surrogateescape").split("\r\n")
        if len(lines) > MAX_HEADERS:
            raise RefusedHead(431)
        old = found[3] == b"0"
        fields = self._fields(lines, old=old)
        if (method := found[1].decode()) not in METHODS:
            raise RefusedHead(405)
        return Head(method, found[2].decode(), old, fields)

    def _fields(self, lines: Iterable[str], *, old: bool) -> Mapping[str, str]:
        fields: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            name, value = name.lower(), value.strip(" \t")
            if name not in fields:
                fields[name] = value
            elif name in self._single:
                raise RefusedHead(400)
            else:
                fields[name] = f"{fields[name]}, {value}"
        coded = "transfer-encoding" in fields
        if "host" not in fields or (coded and (old or "content-length" in fields)):
            raise RefusedHead(400)
        for name, form in _VALUES:
            if name in fields and form.fullmatch(fields[name]) is None:
                raise RefusedHead(400)
        return fields


def hopeless(begun: bytes | bytearray) -> bool:
    """Whether the beginning of a head can become no good one, whatever comes."""
    return _BEGUN.match(begun) is None or _BARE.search(begun) is not None
