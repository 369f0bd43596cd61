"""The first step: which endpoint is called, and which protocol answers when none is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from urllib.parse import parse_qsl, unquote_to_bytes

from ..compile.endpoint import Endpoint
from ..compile.snapshot import Snapshot
from ..config.model import Refusal
from ..protocol import WireProtocol
from .errors import STATUS, Problem
from .exchange import Exchange, Incoming

_PLACEHOLDER = re.compile(r"\{(\w+)(:path)?\}")
_PLAIN = re.compile(r"[A-Za-z0-9/_:-]+")  # nothing to decode, and no dot
_MAX_QUERY_MEMBERS = 100
_MAX_QUERY = 4096
_SHOWN = 64
_KNOWN, _SHORT = 1024, 256  # paths that are remembered at most, and how long each may be
_NEAR = 0.75  # below, an address is another one and no slip


Found = tuple[str, Sequence[tuple[Endpoint, Mapping[str, str]]]]


class Matcher:
    """The endpoints of a snapshot, indexed: written paths in a table, those with placeholders in order.

    What was found for a path is `remembered`, for clients call the same few again and again.
    """

    __slots__ = ("_fixed", "_mounts", "_patterns", "remembered")

    def __init__(self, endpoints: Sequence[Endpoint], mounts: Sequence[str]) -> None:
        self._mounts = sorted({*mounts, ""}, key=len, reverse=True)
        self._fixed: dict[str, list[Endpoint]] = {}
        self._patterns: list[tuple[re.Pattern[str], Endpoint]] = []
        self.remembered: dict[str, Found] = {}
        for endpoint in endpoints:
            if "{" in endpoint.pattern:
                self._patterns.append((_compile(endpoint.pattern), endpoint))
            else:
                self._fixed.setdefault(endpoint.pattern, []).append(endpoint)

    def candidates(self, raw: str) -> Found:
        """A path as it was sent, decoded, and every endpoint whose pattern fits, with the values of its placeholders.

        Raises Problem for a path that could be read differently further on.
        """
        if (found := self.remembered.get(raw)) is None:
            path = decode_path(raw)
            found = path, tuple(self._candidates(path))
            if found[1] and len(raw) <= _SHORT:
                if len(self.remembered) >= _KNOWN:
                    self.remembered.clear()
                self.remembered[raw] = found
        return found

    def _candidates(self, path: str) -> Iterator[tuple[Endpoint, Mapping[str, str]]]:
        for inner in self.unmounted(path):
            for endpoint in self._fixed.get(inner, ()):
                yield endpoint, {}
            for pattern, endpoint in self._patterns:
                if found := pattern.fullmatch(inner):
                    yield endpoint, found.groupdict()

    def near(self, method: str, path: str) -> str:
        """A hint at the address without placeholders that comes nearest to a path that no endpoint has."""
        inner = [pattern for pattern, found in self._fixed.items() if any(it.method == method for it in found)]
        return meant(path, (mount + pattern for mount in self._mounts for pattern in inner), _NEAR)

    def unmounted(self, path: str) -> Iterator[str]:
        """The path without each mount that it stands under."""
        for mount in self._mounts:
            if not mount or path.startswith(mount + "/"):
                yield path[len(mount) :]


def match(exchange: Exchange, matcher: Matcher) -> Endpoint:
    """Fill in the endpoint, the client's protocol, path values and query; gives the endpoint.

    Raises Problem for an illegal path, an unknown one, a known one with another method, and an endpoint that refuses.
    """
    incoming = exchange.incoming
    if incoming.query:
        try:
            exchange.pairs = parse_qsl(incoming.query, keep_blank_values=True, max_num_fields=_MAX_QUERY_MEMBERS)
        except ValueError as fault:
            raise Problem("invalid_request", "The query has too many members.") from fault
        exchange.query = dict(reversed(exchange.pairs))
    path, candidates = matcher.candidates(incoming.path)
    methods: list[str] = []
    for endpoint, values in candidates:
        if endpoint.method != incoming.method:
            methods.append(endpoint.method)
            exchange.client = exchange.client or endpoint.protocol
            continue
        if endpoint.when is None or endpoint.when(exchange.context()):
            exchange.endpoint, exchange.client, exchange.path = endpoint, endpoint.protocol, values
            if endpoint.refusal is not None:
                raise refused(endpoint.refusal)
            return endpoint
    if methods:
        allow = {"allow": ", ".join(sorted(set(methods)))}
        message = f"{shown(path)} answers {allow['allow']} only."
        raise Problem("invalid_request", message, status=405, headers=allow)
    hint = matcher.near(incoming.method, path)
    raise Problem("not_found", f"There is no endpoint {shown(path)}.{hint}", code="unknown_endpoint")


def refused(refusal: Refusal) -> Problem:
    """The answer of an endpoint that takes no request."""
    kind = next((kind for kind, status in STATUS.items() if status == refusal.status), "invalid_request")
    return Problem(kind, refusal.message, status=refusal.status, code=refusal.code, headers=refusal.headers)


def fallback(snapshot: Snapshot, incoming: Incoming, matcher: Matcher) -> WireProtocol | None:
    """The protocol of an answer to a request that no endpoint took."""
    query = dict(parse_qsl(incoming.query[:_MAX_QUERY], keep_blank_values=True))
    roots = {"headers": incoming.headers, "query": query}
    paths = list(matcher.unmounted(incoming.path))
    for surface in snapshot.surfaces:
        if any(path.startswith(surface.prefix) for path in paths) and (surface.when is None or surface.when(roots)):
            return surface.protocol
    return None


def decode_path(raw: str) -> str:
    """The path, percent-decoded exactly once and without a closing slash.

    Raises Problem for what could be read differently further on: dot segments, control characters, a second encoding.
    """
    if _PLAIN.fullmatch(raw):
        return raw.rstrip("/") or "/"
    try:
        path = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as fault:
        raise Problem("invalid_request", "The path is not valid UTF-8.") from fault
    segments = path.split("/")
    if not path.isprintable() or "%" in path or "\\" in path or ".." in segments or "." in segments:
        raise Problem("invalid_request", "The path holds characters that no endpoint has.", code="illegal_path")
    return path.rstrip("/") or "/"


def shown(text: str, limit: int = _SHOWN) -> str:
    """Text of a client, short enough for a message."""
    return text if len(text) <= limit else text[:limit] + "…"


def meant(wanted: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """The sentence that names what a client may have meant, to follow another; nothing when nothing is near."""
    close = get_close_matches(wanted[:_SHOWN], list(known), n=1, cutoff=cutoff)
    return f" Did you mean {close[0]}?" if close else ""


def _compile(pattern: str) -> re.Pattern[str]:
    """A pattern such as `/v1/things/{id}` or `/v1/{name:path}:verb`; `path` lets the value hold slashes."""
    parts, end = [], 0
    for found in _PLACEHOLDER.finditer(pattern):
        parts.append(re.escape(pattern[end : found.start()]))
        parts.append(f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})")
        end = found.end()
    return re.compile("".join(parts) + re.escape(pattern[end:]))
