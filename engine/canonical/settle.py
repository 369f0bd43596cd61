"""What every finished response obeys, whether it came as a body or as a stream."""

from hashlib import blake2b
from typing import Any

Part = dict[str, Any]
Response = dict[str, Any]


def settle(response: Response, *, complete: bool = True) -> Response:
    """Return `response` with ids, arguments and finish reasons put right and parts without content removed.

    A response that is not `complete` keeps its finish as it is: no reason is made up for an interrupted answer.
    """
    response_id = response.get("id", "")
    outputs = response.get("outputs") or ([{"index": 0, "parts": []}] if complete else [])
    return {**response, "outputs": [_settle_output(output, response_id, complete) for output in outputs]}


def is_empty(part: Part) -> bool:
    """Whether a part has nothing that anybody could use."""
    kind = part["kind"]
    if kind == "text":
        return not (part.get("text") or part.get("citations") or part.get("signature"))
    if kind == "reasoning":
        return not (part.get("text") or part.get("signature") or part.get("redacted"))
    if kind == "refusal":
        return not part.get("text")
    return kind == "tool_call" and not part.get("name")


def derive_id(*facts: object) -> str:
    """Make a tool call id from facts that stay the same whenever the same history is read again."""
    text = "\0".join(str(fact) for fact in facts)
    return "call_" + blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def settled_finish(finish: dict[str, Any] | None, parts: list[Part]) -> dict[str, Any]:
    """Return the finish that agrees with the parts.

    Tool calls override only a normal stop: a cut or filtered answer stays one. A refusal overrides a normal stop
    too, and a claim of tool calls without any is a normal stop.
    """
    finish = finish or {}
    reason = finish.get("reason") or "stop"
    kinds = {part["kind"] for part in parts}
    if reason in ("stop", "tool_calls"):
        reason = "tool_calls" if "tool_call" in kinds else "refusal" if "refusal" in kinds else "stop"
    return finish if reason == finish.get("reason") else {**finish, "reason": reason}


def _settle_output(output: dict[str, Any], response_id: str, complete: bool) -> dict[str, Any]:
    number = output.get("index", 0)
    parts: list[Part] = []
    calls: dict[str, Part] = {}
    ordinal = 0
    for part in output.get("parts") or ():
        if is_empty(part):
            continue
        if part["kind"] == "tool_call":
            part = _settle_call(part)
            earlier = calls.get(part.get("id", ""))
            if earlier is not None and same_call(earlier, part):
                continue
            if earlier is not None or not part.get("id"):
                part = {**part, "id": derive_id(response_id, number, ordinal, part["name"])}
            calls[part["id"]] = part
            ordinal += 1
        parts.append(part)
    settled = {**output, "index": number, "parts": parts}
    if complete:
        settled["finish"] = settled_finish(output.get("finish"), parts)
    return settled


def same_call(one: Part, other: Part) -> bool:
    """Whether two calls with one id say the same: the second was only sent again."""
    return one["name"] == other["name"] and one.get("arguments") == other.get("arguments")


def _settle_call(part: Part) -> Part:
    if part.get("arguments"):
        return part
    return {**part, "arguments": "" if part.get("custom") else "{}"}
