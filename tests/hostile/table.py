"""Tables of raw bytes: how they are written, and what one says.

A text stands for bytes, one a character. `<path>`, `<auth>`, `<body>` and `<length>` are those of the protocol that is
tried, `<key>` is a good key, `<next>` a request that must never be seen, and `<a*900>` is a repetition. A row without
`send` is a good head with its `headers` before its `body`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.hostile.surfaces import SURFACES, Surface
from tests.support.fake import KEY

TABLES = Path(__file__).parent / "tables"
HEAD = "POST <path> HTTP/1.1\r\nHost: x\r\n<auth>\r\n"
NEXT = "GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n"
_REPEATED = re.compile(r"<([^<>]+?)\*(\d+)>")


@dataclass(frozen=True)
class Case:
    """What is sent, and what must come of it on every protocol of `on`: one status for each answer.

    `shape` is the protocol of errors where it is not the one that is tried; `asked` is how often the upstream is.
    """

    name: str
    send: str
    statuses: tuple[int, ...]
    closes: bool
    on: tuple[str, ...]
    shape: str | None = None
    code: str | None = None
    asked: int = 0
    body: str | None = None

    def bytes_for(self, surface: Surface) -> bytes:
        if self.body is None:
            return written(self.send, surface)
        body = written(self.body, surface)
        return written(self.send + f"Content-Length: {len(body)}\r\n\r\n", surface) + body


def written(text: str, surface: Surface) -> bytes:
    """The bytes that a text of a table stands for."""
    body = surface.body().decode()
    known = {"path": surface.path, "auth": f"Authorization: Bearer {KEY}", "key": KEY, "body": body, "length": str(len(body)), "next": NEXT, "next_length": str(len(NEXT))}
    filled = re.sub(r"<(\w+)>", lambda found: known.get(found[1], found[0]), text)
    return _REPEATED.sub(lambda found: found[1] * int(found[2]), filled).encode("latin-1")


@cache
def cases(table: str) -> dict[str, Case]:
    """The cases of one table by name."""
    rows: dict[str, dict[str, Any]] = YAML(typ="safe").load(TABLES / f"{table}.yaml")
    return {name: _case(name, row) for name, row in rows.items()}


def _case(name: str, row: dict[str, Any]) -> Case:
    status = row["status"]
    return Case(
        name, row.get("send", HEAD + row.get("headers", "")), tuple(status) if isinstance(status, list) else (status,),
        row.get("closes", False), tuple(row.get("on", SURFACES)), row.get("shape"), row.get("code"), row.get("asked", 0), row.get("body"),
    )  # fmt: skip
