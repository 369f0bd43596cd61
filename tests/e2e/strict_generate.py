"""An upstream that speaks generateContent and is strict about signatures."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tests.e2e.script import STEPS, TOOLS, Call, Json, Step, demand
from tests.e2e.strict import calls_before, following, pieces, said, same, sse


@dataclass(frozen=True)
class Generate:
    """The first call of each step is signed, so is the last text; calls without their signature are refused in the open round."""

    protocol: str = "gemini-generate"
    address: str = "{path: \"/v1beta/models/{{ target.model | segment }}:{{ 'streamGenerateContent' if request.stream else 'generateContent' }}\"}"
    facts: str = "accepts: [signature_bypass]"
    insists: bool = True
    forgives: bool = True
    bypass: str = "skip_thought_signature_validator"

    def answer(self, body: Json, *, replay: bool) -> Json:
        contents = merged(body["contents"])
        step = following(contents, "model")
        declared = [tool["name"] for group in body.get("tools", ()) for tool in group.get("functionDeclarations", ())]
        demand(declared == list(TOOLS), "the tools are not those of the client")
        for place, content in enumerate(contents):
            if content["role"] == "user":
                same([self._plain(part) for part in content["parts"]], self._asked(place // 2), f"contents.{place}")
            else:
                self._check(content["parts"], STEPS[place // 2], f"contents.{place}", replay=replay)
        usage = {"promptTokenCount": 30, "candidatesTokenCount": 15, "thoughtsTokenCount": 5, "totalTokenCount": 50}
        candidate = {"content": {"role": "model", "parts": self._content(step)}, "finishReason": "STOP", "index": 0}
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "theirs", "responseId": f"r{step.number}"}

    def _check(self, parts: list[Json], step: Step, where: str, *, replay: bool) -> None:
        """Thoughts may be missing; every signature must be where it was, or where a call of others needs one be waived."""
        thoughts = [part for part in parts if part.get("thought")]
        same(thoughts, [part for part in self._content(step) if part.get("thought")][: len(thoughts)], where)
        found = [part for part in parts if not part.get("thought")]
        wanted = [part for part in self._content(step) if not part.get("thought")]
        if not replay:
            first = next((part for part in found if "functionCall" in part), {"thoughtSignature": self.bypass})
            demand(first.get("thoughtSignature"), "Function call is missing a thought_signature")
            found = [part if part.get("thoughtSignature") != self.bypass else self._bare(part) for part in found]
            wanted = [part if "thoughtSignature" in mine else self._bare(part) for part, mine in zip(wanted, found, strict=False)]
        same(found, wanted, where)

    def _bare(self, part: Json) -> Json:
        return {name: part[name] for name in part if name != "thoughtSignature"}

    def _plain(self, part: Json) -> Json:
        answer = part.get("functionResponse")
        return {"functionResponse": {name: answer[name] for name in ("id", "name", "response")}} if answer else part

    def _asked(self, number: int) -> list[Json]:
        results = [{"functionResponse": {"id": c.id, "name": c.name, "response": self._response(c)}} for c in calls_before(number)]
        text = said(number)
        return [*results, *([{"text": text}] if text else [])]

    def _response(self, call: Call) -> Json:
        return json.loads(call.result) if call.result.startswith("{") else {"result": call.result}

    def _content(self, step: Step) -> list[Json]:
        parts: list[Json] = [{"text": step.thought, "thought": True}] if step.thought else []
        if step.text:
            parts.append({"text": step.text} if step.calls or not step.thought else {"text": step.text, "thoughtSignature": step.signatures[1]})
        for place, call in enumerate(step.calls):
            part = {"functionCall": {"id": call.id, "name": call.name, "args": call.arguments}}
            parts.append(part if place else {**part, "thoughtSignature": step.signatures[0]})
        return parts

    def stream(self, whole: Json) -> bytes:
        [candidate] = whole["candidates"]
        chunks = []
        for part in candidate["content"]["parts"]:
            texts = [*pieces(part["text"])] if "text" in part else [None]
            for place, text in enumerate(texts):
                piece = {name: value for name, value in part.items() if name != "thoughtSignature" or place == len(texts) - 1}
                chunks.append(piece if text is None else {**piece, "text": text})
        answers = [{**whole, "candidates": [{"content": {"role": "model", "parts": [chunk]}, "index": 0}]} for chunk in chunks]
        answers[-1]["candidates"][0]["finishReason"] = "STOP"
        return sse(answers)

    def refusal(self, reason: str) -> Json:
        return {"error": {"code": 400, "message": reason, "status": "INVALID_ARGUMENT"}}

    def opaque(self, step: Step) -> list[str]:
        if step.calls:
            return [step.signatures[0]]
        return [step.signatures[1]] if step.thought else []


def merged(contents: list[Json]) -> list[Json]:
    """One content for each turn, one part for each run: a client may send every piece of a stream as it came."""
    turns: list[Json] = []
    for content in contents:
        if not turns or turns[-1]["role"] != content["role"]:
            turns.append({"role": content["role"], "parts": []})
        parts = turns[-1]["parts"]
        for part in content["parts"]:
            before = parts[-1] if parts else {}
            if "text" in part and "text" in before and "thoughtSignature" not in before and part.get("thought") == before.get("thought"):
                parts[-1] = {**before, **part, "text": before["text"] + part["text"]}
            elif part != {"text": ""}:
                parts.append(part)
    return turns
