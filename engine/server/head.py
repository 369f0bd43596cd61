"""The strict check of a request's head: what two readers could understand differently is refused.

The server library's own parser takes much that RFC 9112 forbids; a proxy in front that is as lenient, but in another
way, would then see other requests than we do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_HEAD = re.compile(
    rb"[A-Z]{1,20} /[\x21-\x7e]* HTTP/1\.[01](?:\r\n" + _TOKEN + rb":[\x20\t\x21-\x7e\x80-\xff]*+){0,100}+"
)
_GENERAL = ("host", "content-length", "transfer-encoding", "content-type", "content-encoding", "expect")
_VALUES = {
    b"host": re.compile(rb"[A-Za-z0-9.\-_\[\]:]{1,255}"),
    b"content-length": re.compile(rb"[0-9]{1,18}"),
    b"transfer-encoding": re.compile(rb"chunked"),
}


class HeadCheck:
    """Judges raw heads. `single` names further headers that may stand only once, such as those of credentials."""

    def __init__(self, single: Iterable[str] = ()) -> None:
        names = "|".join(re.escape(name.lower()) for name in {*_GENERAL, *single})
        self._single = re.compile(rb"\r\n(" + names.encode() + rb"):[ \t]*([^\r]*)", re.IGNORECASE)

    def accepts(self, head: bytes) -> bool:
        """Whether the head, without its closing empty line, can be understood in one way only."""
        if _HEAD.fullmatch(head) is None:
            return False
        found = [(name.lower(), value.rstrip(b" \t")) for name, value in self._single.findall(head)]
        counts = Counter(name for name, _ in found)
        if counts[b"host"] != 1 or any(count > 1 for count in counts.values()):
            return False
        if b"content-length" in counts and b"transfer-encoding" in counts:
            return False
        return all(_VALUES[name].fullmatch(value) for name, value in found if name in _VALUES)
