"""One case: a message on one side, and what must stand on the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..config.document import Where

CANONICAL = "canonical"
REQUEST, RESPONSE, STREAM, ERROR, MODELS = WHATS = ("request", "response", "stream", "error", "models")


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands in its file, with what the top of the file says for all.

    `sender` and `receiver` are names of protocols or dialects, or `CANONICAL`; `entry` is where the case is written.
    """

    name: str
    what: str
    sender: str
    receiver: str
    data: Mapping[str, Any]
    topic: str
    entry: Where

    @property
    def file(self) -> str:
        """The name of the file that holds the case."""
        return self.entry.document.file

    @property
    def place(self) -> str:
        """The file and line where the case begins."""
        return f"{self.file}:{self.entry.span().line}"

    @property
    def parties(self) -> tuple[str, str]:
        """The client's protocol and the upstream's; one of them is `CANONICAL` when the case has one side only."""
        asks = self.what == REQUEST
        return (self.sender, self.receiver) if asks else (self.receiver, self.sender)

    @property
    def hazards(self) -> tuple[str, ...]:
        """The ids of the known hazards that this case shows to be avoided."""
        return tuple(self.data.get("hazards", ()))
