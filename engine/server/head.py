"""The strict check of a request's head: what two readers could understand differently is refused.

The server library's own parser takes much that RFC 9112 forbids; a proxy in front that is as lenient, but in another
way, would then see other requests than we do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MAX_HEADERS = 100
MAX_LINE = 8192

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_HEAD = re.compile(
    rb"([A-Z]{1,20}) /[\x21\x22\x24-\x7e]* HTTP/1\.([01])(?:\r\n" + _TOKEN + rb":[\x20\t\x21-\x7e\x80-\xff]*+)*+"
)
_BEGUN = re.compile(rb"[A-Z]{1,20}(?:\Z| [^\r\n]*(?:\r?\Z|(?<= HTTP/1\.[01])\r\n))")
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")
_GENERAL = ("host", "content-length", "transfer-encoding", "content-type", "content-encoding", "expect")
_VALUES = {
    b"host": re.compile(rb"[A-Za-z0-9.\-_\[\]:]{1,255}"),
    b"content-length": re.compile(rb"[0-9]{1,18}"),
    b"transfer-encoding": re.compile(rb"chunked"),
}
_KNOWN = frozenset(method.encode() for method in METHODS)
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


class HeadCheck:
    """Judges raw heads. `single` names further headers that may stand only once, such as those of credentials."""

    def __init__(self, single: Iterable[str] = ()) -> None:
        names = "|".join(re.escape(name.lower()) for name in {*_GENERAL, *single})
        self._single = re.compile(rb"\r\n(" + names.encode() + rb"):[ \t]*([^\r]*)", re.IGNORECASE)

    def judge(self, head: bytes) -> None:
        """Raise RefusedHead unless the head, without its closing empty line, can be understood in one way only."""
        found = _HEAD.fullmatch(head)
        if found is None:
            raise RefusedHead(400)
        if found.end(2) > MAX_LINE:
            raise RefusedHead(414)
        if head.count(b"\r\n") > MAX_HEADERS:
            raise RefusedHead(431)
        self._judge_values(head, old=found[2] == b"0")
        if found[1] not in _KNOWN:
            raise RefusedHead(405)

    def _judge_values(self, head: bytes, *, old: bool) -> None:
        found = [(name.lower(), value.rstrip(b" \t")) for name, value in self._single.findall(head)]
        counts = Counter(name for name, _ in found)
        coded = b"transfer-encoding" in counts
        if counts[b"host"] != 1 or any(count > 1 for count in counts.values()):
            raise RefusedHead(400)
        if coded and (old or b"content-length" in counts):
            raise RefusedHead(400)
        if not all(_VALUES[name].fullmatch(value) for name, value in found if name in _VALUES):
            raise RefusedHead(400)


def hopeless(begun: bytes | bytearray) -> bool:
    """Whether the beginning of a head can become no good one, whatever comes."""
    return _BEGUN.match(begun) is None or _BARE.search(begun) is not None
