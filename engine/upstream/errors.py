"""What goes wrong between us and a service, as canonical errors."""

from __future__ import annotations

from typing import Any

import aiohttp
import httpx


class UpstreamError(Exception):
    """The exchange with a service failed; `error` is canonical.

    `outcome` is the name by which policies know what happened: `dns`, `connect`, `tls`, `first_byte`, `idle`, `total`,
    `reset`, `truncated`, `malformed`; `request` where the fault is ours.
    """

    def __init__(self, kind: str, status: int, message: str, code: str, outcome: str) -> None:
        super().__init__(message)
        self.error: dict[str, Any] = {"kind": kind, "status": status, "message": message, "code": code}
        self.outcome = outcome


def timed_out(what: str, outcome: str) -> UpstreamError:
    """A timer of ours ran out."""
    return UpstreamError("timeout", 504, f"The upstream service {what}.", "upstream_timeout", outcome)


def malformed(message: str, code: str) -> UpstreamError:
    """The answer is not what it says it is, or nothing that can be read."""
    return UpstreamError("bad_gateway", 502, message, code, "malformed")


def too_large(cap: int) -> UpstreamError:
    """The answer passed the cap."""
    return malformed(f"The upstream's answer is larger than {cap} bytes.", "upstream_too_large")


def refused_address() -> UpstreamError:
    """The address is one that no configuration allows."""
    return UpstreamError("server", 500, "The upstream address is not allowed.", "upstream_address", "request")


def unconnected(fault: Exception) -> UpstreamError:
    """Nothing of an answer arrived. The text never says where we wanted to connect."""
    cause = fault.__cause__ or fault
    if isinstance(cause, TimeoutError):
        return timed_out("could not be reached in time", "connect")
    if isinstance(cause, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        message = "The upstream's certificate could not be verified."
        return UpstreamError("bad_gateway", 502, message, "upstream_tls", "tls")
    if isinstance(cause, aiohttp.ClientConnectorError):
        outcome = "dns" if isinstance(cause, aiohttp.ClientConnectorDNSError) else "connect"
        message = "The upstream service cannot be reached."
        return UpstreamError("bad_gateway", 502, message, "upstream_unreachable", outcome)
    if isinstance(fault, aiohttp.ClientResponseError):  # a head came, and was none
        return malformed("The upstream closed the connection unanswered.", "upstream_closed")
    if isinstance(fault, httpx.TransportError | aiohttp.ClientError | OSError):
        message = "The upstream closed the connection unanswered."
        return UpstreamError("bad_gateway", 502, message, "upstream_closed", "reset")
    return UpstreamError("server", 500, "The upstream request could not be sent.", "upstream_request", "request")


def closed_unanswered(fault: Exception) -> bool:
    """Whether the other side closed an open connection without a byte of an answer."""
    cause = fault.__cause__ or fault
    if isinstance(cause, aiohttp.ServerDisconnectedError):
        return isinstance(cause.message, str)  # else it holds the part of a head that came
    return isinstance(cause, ConnectionError | aiohttp.ClientOSError)


def broken() -> UpstreamError:
    """The answer began and did not arrive whole."""
    return UpstreamError("bad_gateway", 502, "The upstream's answer broke off.", "upstream_broken", "truncated")
