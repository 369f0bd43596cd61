"""Values that have the right form and still cannot work: addresses, headers, timers."""

import re
from collections.abc import Iterable
from importlib.util import find_spec
from ipaddress import ip_address
from urllib.parse import urlsplit

from ..diagnostics import Diagnostics
from .document import Where
from .model import Match, Model, Provider, Routes
from .policy import Policy, Timers

# Headers that belong to one connection, or that the gateway itself must decide.
_CONNECTION_HEADERS = frozenset(
    (
        "connection", "content-encoding", "content-length", "expect", "host", "keep-alive", "proxy-authenticate",
        "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    )
)  # fmt: skip
_CREDENTIAL_HEADERS = frozenset(("authorization", "cookie"))

_EXTRAS = {"http2": "h2"}
"""The module that a transport needs and that is installed with the extra of its name."""

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(:path)?\}")


def check_values(routes: Routes, diagnostics: Diagnostics) -> None:
    """Add an error for each value that cannot work."""
    for endpoint in routes.endpoints.values():
        for match in endpoint.matches:
            _check_pattern(match, diagnostics)
        forwarded = ((name, endpoint.entry.at("forward", index)) for index, name in enumerate(endpoint.forward))
        _check_headers(forwarded, diagnostics)
    for provider in routes.providers.values():
        _check_address(provider, diagnostics)
        _check_transport(provider, diagnostics)
        _check_paths(provider, diagnostics)
        credential = provider.auth.header if provider.auth is not None else None
        _check_headers(_provider_headers(provider), diagnostics, credential)
        _check_timers(provider.timers, provider.entry.at("timeouts"), diagnostics)
    for model in routes.models.values():
        _check_limits(model, diagnostics)


def check_policies(policies: Iterable[Policy], diagnostics: Diagnostics) -> None:
    """Add an error for each policy whose timers contradict each other."""
    for policy in policies:
        _check_timers(policy.timers, policy.entry.at(), diagnostics)


def _check_pattern(match: Match, diagnostics: Diagnostics) -> None:
    """Placeholders are whole segments with names that differ, and one that takes the rest comes last."""
    where = match.where
    names: set[str] = set()
    at = len(match.method) + 1
    for found in _PLACEHOLDER.finditer(match.path):
        name, rest = found.groups()
        begin, length = at + found.start(), len(found.group())
        if name in names:
            message = f"the placeholder {{{name}}} comes twice"
            diagnostics.error("bad-pattern", where, message, offset=begin, length=length)
        names.add(name)
        if rest and "{" in match.path[found.end() :]:
            message = f"no placeholder may follow {{{name}:path}}"
            diagnostics.error("bad-pattern", where, message, offset=begin, length=length)
    left = _PLACEHOLDER.sub(lambda found: " " * len(found.group()), match.path)
    stray = re.search(r"[{}?#]", left)
    if stray:
        message = f'"{stray.group()}" is no part of an address pattern'
        help = "placeholders are {name} for one segment and {name:path} for several"
        diagnostics.error("bad-pattern", where, message, help=help, offset=at + stray.start(), length=1)


def _check_address(provider: Provider, diagnostics: Diagnostics) -> None:
    """A base address has a host, and a local or private one needs to be allowed."""
    if provider.base_url is None:
        return
    where = provider.entry.at("base_url")
    try:
        parts = urlsplit(provider.base_url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        diagnostics.error("bad-url", where, "the host or port of this address cannot be read")
        return
    if not host:
        diagnostics.error("bad-url", where, "this address has no host")
    elif _is_private(host) and not provider.allow_private:
        help = "write allow_private: true beside it if that is meant"
        diagnostics.error("bad-url", where, f'"{host}" is a local or private address', help=help)
    elif parts.scheme == "http" and not provider.allow_private:
        help = "write https://, or allow_private: true if the address is one of your own network"
        diagnostics.warning("insecure-url", where, f'"{host}" is called without encryption', help=help)


def _check_paths(provider: Provider, diagnostics: Diagnostics) -> None:
    """No path repeats the end of the base address, to which it is added."""
    end = (provider.base_url or "").partition("://")[2].partition("/")[2].rstrip("/").rpartition("/")[2]
    for name, address in provider.speaks.items():
        if end and (address.path == f"/{end}" or address.path.startswith(f"/{end}/")):
            message = f'"/{end}" comes twice: the base address ends with it already'
            diagnostics.error("bad-url", provider.entry.at("speaks", name, "path"), message)


def _is_private(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False


def _provider_headers(provider: Provider) -> Iterable[tuple[str, Where]]:
    for name in provider.headers:
        yield name, provider.entry.at("headers", name).own_key()
    for protocol, address in provider.speaks.items():
        for name in address.headers:
            yield name, provider.entry.at("speaks", protocol, "headers", name).own_key()


def _check_transport(provider: Provider, diagnostics: Diagnostics) -> None:
    module = _EXTRAS.get(provider.transport)
    if module is not None and find_spec(module) is None:
        message = f'the transport "{provider.transport}" is not installed'
        help = f"pip install 'torouter[{provider.transport}]'"
        diagnostics.error("missing-extra", provider.entry.at("transport"), message, help=help)


def _check_headers(
    headers: Iterable[tuple[str, Where]], diagnostics: Diagnostics, credential: str | None = None
) -> None:
    for name, where in headers:
        if name.lower() in _CONNECTION_HEADERS:
            diagnostics.error("bad-header", where, f'"{name}" belongs to the connection and cannot be chosen')
        elif name.lower() in _CREDENTIAL_HEADERS or name.lower() == credential:
            help = "a provider's credential belongs in its auth"
            diagnostics.error("bad-header", where, f'"{name}" carries a credential', help=help)


def _check_limits(model: Model, diagnostics: Diagnostics) -> None:
    """An answer is a part of the context."""
    limits = model.limits
    if limits.max_output is not None and limits.context is not None and limits.max_output > limits.context:
        message = '"max_output" is larger than "context", which contains it'
        diagnostics.error("bad-value", model.entry.at("limits", "max_output"), message)


def _check_timers(timers: Timers, where: Where, diagnostics: Diagnostics) -> None:
    if timers.total is None:
        return
    for name in ("connect", "first_byte", "idle"):
        seconds = getattr(timers, name)
        if seconds is not None and seconds > timers.total:
            message = f'"{name}" is longer than "total", which contains it'
            diagnostics.error("inconsistent-timers", where.at(name), message)
