"""What goes wrong between us and a service, as canonical errors."""

from __future__ import annotations

from typing import Any

import aiohttp
import httpx


class UpstreamError(Exception):
    """The exchange with a service failed; `error` is canonical.

    `retry` says that another target may be tried: the fault is the service's or the network's, not the request's.
    """

    def __init__(self, kind: str, status: int, message: str, code: str, *, retry: bool = True) -> None:
        super().__init__(message)
        self.error: dict[str, Any] = {"kind": kind, "status": status, "message": message, "code": code}
        self.retry = retry


def timed_out(what: str) -> UpstreamError:
    """A timer of ours ran out."""
    return UpstreamError("timeout", 504, f"The upstream service {what}.", "upstream_timeout")


def too_large(cap: int) -> UpstreamError:
    """The answer passed the cap."""
    return UpstreamError("bad_gateway", 502, f"The upstream's answer is larger than {cap} bytes.", "upstream_too_large")


def unconnected(fault: Exception) -> UpstreamError:
    """Nothing of an answer arrived. The text never says where we wanted to connect."""
    cause = fault.__cause__ or fault
    if isinstance(cause, TimeoutError):
        return timed_out("could not be reached in time")
    if isinstance(cause, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return UpstreamError("bad_gateway", 502, "The upstream's certificate could not be verified.", "upstream_tls")
    if isinstance(cause, aiohttp.ClientConnectorError):
        return UpstreamError("bad_gateway", 502, "The upstream service cannot be reached.", "upstream_unreachable")
    if isinstance(fault, httpx.TransportError | aiohttp.ClientError | OSError):
        return UpstreamError("bad_gateway", 502, "The upstream closed the connection unanswered.", "upstream_closed")
    return UpstreamError("server", 500, "The upstream request could not be sent.", "upstream_request", retry=False)


def closed_unanswered(fault: Exception) -> bool:
    """Whether the other side closed an open connection without a byte of an answer."""
    cause = fault.__cause__ or fault
    if isinstance(cause, aiohttp.ServerDisconnectedError):
        return isinstance(cause.message, str)  # else it holds the part of a head that came
    return isinstance(cause, ConnectionError | aiohttp.ClientOSError)


def broken() -> UpstreamError:
    """The answer began and did not arrive whole."""
    return UpstreamError("bad_gateway", 502, "The upstream's answer broke off.", "upstream_broken")
