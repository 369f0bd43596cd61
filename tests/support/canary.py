"""The secrets that tests hand to gateways, and the places where none of them may ever be seen.

`pytest` looks at what every test has printed and logged (`tests/conftest.py`), a gateway inside a test at its lines and
metrics (`running`), one in a process of its own at everything it wrote (`gateway`), a client at every answer (`client`).
"""

from __future__ import annotations

CLIENT = "test-key-1"
"""The key of the clients: they may see it, for they sent it."""

UPSTREAM = ("upstream-secret", "sk-marker-of-the-upstream", "sk-upstream-secret", "sk-canary")
"""The credentials of providers: nobody may see them but the provider."""


def seen(text: str, *, by_client: bool = False) -> list[str]:
    """Which secrets a text shows."""
    return [secret for secret in (*UPSTREAM, *(() if by_client else (CLIENT,))) if secret in text]


def check(text: str, *, by_client: bool = False) -> None:
    """Raise AssertionError for a text that shows a secret."""
    shown = seen(text, by_client=by_client)
    assert not shown, f"a secret is shown: {shown}"
