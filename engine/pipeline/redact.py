"""What an upstream says of a failure may repeat the credential that it was sent; no client sees it."""

from __future__ import annotations

from typing import Any

from ..compile.snapshot import Provider
from .outcomes import Failed

SHORTEST = 8  # shorter values are no secrets, and would be found in words
INSTEAD = "[credential]"


def redacted(failure: Failed, provider: Provider) -> Failed:
    """The same failure without the provider's credentials, wherever they stand in its texts."""
    secrets = secrets_of(provider)
    error = failure.problem.error
    for said in (error, failure.problem.headers):
        for name, text in said.items():
            said[name] = _without(text, secrets)
    if failure.raw is not None:
        failure.raw = without_secrets(failure.raw, provider)
    return failure


def secrets_of(provider: Provider) -> list[str]:
    """The secrets of a provider's credentials."""
    values = [value() for value in (*provider.auth_headers.values(), *provider.auth_query.values())]
    return [word for value in values for word in value.split() if len(word) >= SHORTEST]


def without_secrets(data: bytes, provider: Provider) -> bytes:
    """Bytes for a client without the provider's credentials."""
    for secret in secrets_of(provider):
        data = data.replace(secret.encode(), INSTEAD.encode())
    return data


def _without(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, INSTEAD)
    if isinstance(value, dict):
        return {name: _without(member, secrets) for name, member in value.items()}
    return [_without(item, secrets) for item in value] if isinstance(value, list) else value
