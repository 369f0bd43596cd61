"""Secrets are taken out of whatever is written, by their value, wherever they stand."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from urllib.parse import quote

import orjson

from ..compile.snapshot import Snapshot
from ..config.secrets import Secret
from ..pipeline.redact import INSTEAD, secrets_of

_KEPT = 4096


class Redactor:
    """Takes secrets out of text, those of earlier configurations, too: requests that run still know them."""

    def __init__(self) -> None:
        self._values: dict[str, None] = {}

    def learn(self, snapshot: Snapshot) -> None:
        """Know the secrets of a configuration, as they are and as they are written in JSON and in addresses."""
        for secret in _secrets(snapshot):
            for spelling in (secret, orjson.dumps(secret).decode()[1:-1], quote(secret, safe="")):
                self._values.pop(spelling, None)
                self._values[spelling] = None
        while len(self._values) > _KEPT:
            del self._values[next(iter(self._values))]

    def __call__(self, text: str, *more: str) -> str:
        """Give the text without secrets, and without what else is named."""
        for value in (*self._values, *more):
            if value in text:
                text = text.replace(value, INSTEAD)
        return text


class RedactingFormatter(logging.Formatter):
    """Formats a record, traceback and all, without secrets."""

    def __init__(self, redactor: Redactor, format: str) -> None:
        super().__init__(format)
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Give the whole text of a record."""
        return self._redactor(super().format(record))


def _secrets(snapshot: Snapshot) -> Iterator[str]:
    for provider in snapshot.providers.values():
        yield from secrets_of(provider)
    if isinstance(snapshot.settings.metrics, Secret):
        yield snapshot.settings.metrics.reveal()
