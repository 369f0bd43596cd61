"""Tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click


def write_table(rows: Sequence[Mapping[str, str]]) -> None:
    """Write rows under the names of their members, each column as wide as its widest value."""
    names = list(rows[0])
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in names}
    for row in ({name: name for name in names}, *rows):
        click.echo("  ".join(row[name].ljust(widths[name]) for name in names).rstrip())
