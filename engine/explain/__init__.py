"""What the gateway would do with one request, without sending anything."""

from .asked import Asked, Unclear, guess, read_request
from .render import render_json, render_text
from .report import Explanation
from .steps import Caller, explain

__all__ = [
    "Asked",
    "Caller",
    "Explanation",
    "Unclear",
    "explain",
    "guess",
    "read_request",
    "render_json",
    "render_text",
]
