"""What goes wrong between us and a service, as canonical errors."""

from __future__ import annotations

from typing import Any


class UpstreamError(Exception):
    """The exchange with a service failed; `error` is canonical.

    `outcome` is the name by which policies know what happened: `dns`, `connect`, `tls`, `first_byte`, `idle`, `total`,
    `reset`, `truncated`, `malformed`; `request` where the fault is ours.
    """

    def __init__(self, kind: str, status: int, message: str, code: str, outcome: str) -> None:
        super().__init__(message)
        self.error: dict[str, Any] = {"kind": kind, "status": status, "message": message, "code": code}
        self.outcome = outcome


def _bad_gateway(message: str, code: str, outcome: str) -> UpstreamError:
    return UpstreamError("bad_gateway", 502, message, code, outcome)


def refused_address() -> UpstreamError:
    """The address is one that no configuration allows."""
    return UpstreamError("server", 500, "The upstream address is not allowed.", "upstream_address", "request")


def unsendable() -> UpstreamError:
    """The request is none that could be sent."""
    return UpstreamError("server", 500, "The upstream request could not be sent.", "upstream_request", "request")


def timed_out(what: str, outcome: str) -> UpstreamError:
    """A timer of ours ran out."""
    return UpstreamError("timeout", 504, f"The upstream service {what}.", "upstream_timeout", outcome)


def unreachable(outcome: str) -> UpstreamError:
    """There is no such name (`dns`), or nobody listens (`connect`). The text never says where we wanted to connect."""
    return _bad_gateway("The upstream service cannot be reached.", "upstream_unreachable", outcome)


def untrusted() -> UpstreamError:
    """There was no handshake with somebody who has the right certificate."""
    return _bad_gateway("The upstream's certificate could not be verified.", "upstream_tls", "tls")


def unanswered() -> UpstreamError:
    """The connection ended before the head of an answer did."""
    return _bad_gateway("The upstream closed the connection unanswered.", "upstream_closed", "reset")


def unheard() -> UpstreamError:
    """What came is no head of an answer."""
    return malformed("The upstream closed the connection unanswered.", "upstream_closed")


def malformed(message: str, code: str) -> UpstreamError:
    """The answer is not what it says it is, or nothing that can be read."""
    return _bad_gateway(message, code, "malformed")


def too_large(cap: int) -> UpstreamError:
    """The answer passed the cap."""
    return malformed(f"The upstream's answer is larger than {cap} bytes.", "upstream_too_large")


def broken() -> UpstreamError:
    """The answer began and did not arrive whole."""
    return _bad_gateway("The upstream's answer broke off.", "upstream_broken", "truncated")
