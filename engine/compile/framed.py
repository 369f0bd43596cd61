"""A protocol whose streams are framed in another way than it says itself."""

from __future__ import annotations

from ..protocol import WireProtocol, amended
from ..wire.framing import Framing


def framed(protocol: WireProtocol, kind: str | None) -> WireProtocol:
    """Give the protocol with its streams framed in this way; itself when none is named."""
    return protocol if kind is None else amended(protocol, {"framing": Framing(kind)}, {})
