"""Whether each field of a protocol gets through to each other protocol, measured by sending it."""

from .inventory import Inventory, load_inventories, with_samples
from .probe import Outcome, Status
from .render import lines_of, render_json, render_markdown, render_table
from .report import Coverage, Direction, Field, collapse, cover
from .sampler import probes

__all__ = [
    "Coverage",
    "Direction",
    "Field",
    "Inventory",
    "Outcome",
    "Status",
    "collapse",
    "cover",
    "lines_of",
    "load_inventories",
    "probes",
    "render_json",
    "render_markdown",
    "render_table",
    "with_samples",
]
