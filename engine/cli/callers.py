"""As whom a command looks at the configuration: a key, or a group."""

from __future__ import annotations

from pathlib import Path

import click

from ..compile.snapshot import Key, Snapshot
from ..diagnostics import did_you_mean
from ..store import ExistingStore, StoreError, state_folder

_LOCAL = "the key of this machine"


def known_keys(snapshot: Snapshot, place: Path | None) -> dict[str, Key]:
    """The keys by name: those of the files, then those of the store of this machine."""
    found = {key.id: key for key in snapshot.keys.values()}
    store_of = ExistingStore(state_folder(place))
    try:
        store = store_of()
        for kept in store.list_keys() if store is not None else ():
            found.setdefault(kept.name, Key(kept.name, kept.group, kept.expires, disabled=False))
    except StoreError as fault:
        raise click.ClickException(str(fault)) from fault
    finally:
        store_of.close()
    return found


def key_of(snapshot: Snapshot, place: Path | None, name: str | None) -> Key:
    """The key of a name; without one the first there is, or that of this machine. Raises BadParameter."""
    keys = known_keys(snapshot, place)
    if name is not None and name not in keys:
        hint = did_you_mean(name, keys) or (f"known: {', '.join(keys)}" if keys else "none is known")
        raise click.BadParameter(f"there is no key {name}; {hint}", param_hint="--key")
    if name is not None:
        return keys[name]
    group = "default" if "default" in snapshot.groups else next(iter(snapshot.groups), "")
    return next(iter(keys.values()), Key(_LOCAL, group, None, disabled=False))


def group_of(snapshot: Snapshot, place: Path | None, key: str | None, group: str | None) -> str:
    """The group that was named, or that of a key. Raises BadParameter."""
    if group is None:
        return key_of(snapshot, place, key).group
    if group not in snapshot.groups:
        hint = did_you_mean(group, snapshot.groups) or f"known: {', '.join(snapshot.groups)}"
        raise click.BadParameter(f"there is no group {group}; {hint}", param_hint="--group")
    return group
