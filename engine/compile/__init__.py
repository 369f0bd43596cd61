"""From a checked project to an immutable snapshot: everything that runs per request is compiled here, once."""

from .load import InvalidConfiguration, compile_project, load_snapshot
from .snapshot import Snapshot

__all__ = ["InvalidConfiguration", "Snapshot", "compile_project", "load_snapshot"]
