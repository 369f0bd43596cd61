"""Response → decoder events: a whole answer told as a stream."""

from typing import Any

_HEAD = ("outputs", "usage", "error")


def unfold(response: dict[str, Any]) -> list[dict[str, Any]]:
    """Return decoder events that lead the bracket layer back to the same response."""
    head = {name: value for name, value in response.items() if name not in _HEAD}
    events: list[dict[str, Any]] = [{"type": "start", **head}]
    for output in response.get("outputs") or ():
        number = output.get("index", 0)
        events.extend({"type": "part", "output": number, "part": part} for part in output.get("parts") or ())
        if "logprobs" in output:
            events.append({"type": "logprobs", "output": number, "logprobs": output["logprobs"]})
        if "native" in output:
            events.append({"type": "output", "output": number, "native": output["native"]})
        events.append({"type": "finish", "output": number, **output.get("finish", {})})
    if response.get("usage"):
        events.append({"type": "usage", "usage": response["usage"]})
    events.append({"type": "error", "error": response["error"]} if response.get("error") else {"type": "end"})
    return events
