"""Secrets: named in files, found in the environment or in files, and never shown."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class Secret:
    """A value that shows itself only when asked by `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself; call it only where it is sent."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"

    def __str__(self) -> str:
        return "(secret)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere")


@dataclass(frozen=True, slots=True)
class SecretReference:
    """Where a secret is found: `env` and the name of a variable, or `file` and a path."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    def resolve(self, environment: Mapping[str, str] | None = None) -> Secret | None:
        """The secret without surrounding white space; nothing when it is absent, unreadable or empty."""
        value = self._read(os.environ if environment is None else environment).strip()
        return Secret(value) if value else None

    def is_open(self) -> bool:
        """Whether everybody on this machine may read the file of the secret."""
        try:
            return self.kind == "file" and bool(Path(self.name).expanduser().stat().st_mode & stat.S_IROTH)
        except OSError:
            return False

    def _read(self, environment: Mapping[str, str]) -> str:
        if self.kind == "env":
            return environment.get(self.name, "")
        try:
            return Path(self.name).expanduser().read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return ""


def parse_secret(text: str) -> SecretReference:
    """The reference written as `env:NAME` or `file:PATH`."""
    kind, _, name = text.partition(":")
    return SecretReference(kind, name)
