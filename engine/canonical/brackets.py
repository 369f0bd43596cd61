"""Decoder events → encoder events: whatever a source sends, an encoder sees a well-formed sequence.

docs/canonical.md states the grammar of both sides.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, ClassVar, Literal

from .carriers import NEXT, PREVIOUS, carrier, needs_carrier
from .open_part import CLOSED, LIVE, WAITING, Event, OpenOutput, OpenPart, says_something
from .settle import derive_id, same_call, settle
from .usage import merge_counters

INTERRUPTED = "The upstream's stream ended before it was complete"


class Brackets:
    """Opens and closes parts, and folds the response as it goes. One instance reads one stream.

    order: `serial` shows one part at a time and queues what belongs to others; `free` lets keyed parts interleave
    outputs: `first` keeps output 0 only
    kinds: the kinds of parts the encoder can write (None: all); others are left out before anything is numbered
    slots: the kinds on which the client's protocol has room for a signature (None: no carriers are made)
    defaults: members of `start` that the source may omit (id, model, created)
    """

    def __init__(
        self,
        *,
        order: Literal["free", "serial"] = "free",
        outputs: Literal["all", "first"] = "all",
        kinds: Collection[str] | None = None,
        slots: Collection[str] | None = None,
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        self.ended = False  # the source said that it is over, or failed; nothing after that is read
        self.dropped: set[str] = set()  # what was left out: kinds of parts, and `outputs`
        self._serial = order == "serial"
        self._first_only = outputs == "first"
        self._kinds = kinds
        self._slots = slots
        self._defaults = dict(defaults or {})
        self._head: dict[str, Any] = {}
        self._usage: dict[str, Any] = {}
        self._outputs: dict[int, OpenOutput] = {}
        self._open: list[OpenPart] = []  # not closed yet, in order of appearance
        self._current: OpenPart | None = None  # the one live part, if serial
        self._last: OpenPart | None = None  # the live part that the last delta went to
        self._started = False
        self._over = False
        self._out: list[Event] = []

    def feed(self, events: Iterable[Event]) -> list[Event]:
        """Take the next decoder events and return the encoder events they lead to."""
        out = self._out = []
        for event in events:
            last = self._last
            if last is not None:  # the hot path: more text for the same part
                payload = event.get(last.field)
                if (
                    payload
                    and event["type"] == "part.delta"
                    and event.keys() <= last.plain
                    and event.get("kind", last.kind) == last.kind
                    and event.get("key") == last.key
                    and event.get("output", 0) == last.number
                ):
                    last.pieces.append(payload)
                    out.append({"type": "part.delta", "output": last.number, "index": last.index,
                                "ordinal": last.ordinal, "kind": last.kind, last.field: payload})  # fmt: skip
                    continue
            if self.ended:
                break
            self._HANDLERS[event["type"]](self, event)
        return out

    def finish(self, complete: bool, error: Mapping[str, Any] | None = None) -> list[Event]:
        """Return the closing events once the source is exhausted.

        A stream that is not `complete` ends in `error` (by default a bad gateway); a second call returns nothing.
        """
        out = self._out = []
        if self._over:
            return out
        if not complete:
            self._fail(dict(error) if error else {"kind": "bad_gateway", "status": 502, "message": INTERRUPTED})
            return out
        for part in list(self._open):
            self._end(part)
        self._over = self.ended = True
        response = settle(self._response())
        for output in response["outputs"]:
            self._begin(self._outputs.setdefault(output["index"], OpenOutput(output["index"])))
            out.append({"type": "finish", "output": output["index"], "finish": output["finish"]})
        if self._usage:
            out.append({"type": "usage", "usage": self._usage})
        out.append({"type": "end", "response": response})
        return out

    # -- decoder events ---------------------------------------------------------------------------------------------

    def _on_start(self, event: Event) -> None:
        self._usage = merge_counters(self._usage, event.get("usage"))
        for name, value in event.items():
            if name not in ("type", "usage") and value is not None and value != "":
                self._head.setdefault(name, value)

    def _on_part_start(self, event: Event) -> None:
        output = self._output(event)
        if output is None:
            return
        kind, key, its = event["kind"], event.get("key"), event.get("id")
        part = output.find(kind, key) if key is not None else None
        if part is None or part.ended or (its and part.given_id and its != part.given_id):
            part = self._enter(output, kind, key)
        self._fill(part, event)

    def _on_delta(self, event: Event) -> None:
        # What carries nothing must not even look for its part: looking may open one, or close the run.
        if says_something(event):
            part = self._place(event)
            if part is not None:
                self._fill(part, event)

    def _on_full(self, event: Event) -> None:
        if says_something(event):
            part = self._place(event, full=True)
            if part is not None:
                self._fill(part, event, full=True)

    def _on_part(self, event: Event) -> None:
        output = self._output(event)
        if output is None:
            return
        whole = event["part"]
        if whole["kind"] == "tool_call" and self._sent_again(output, whole):
            return
        part = self._enter(output, whole["kind"], None)
        if part.state == WAITING:
            part.take_whole(whole)
            self._advance(part)
        self._end(part)

    def _on_part_end(self, event: Event) -> None:
        output = self._output(event)
        part = output.find(event.get("kind"), event.get("key")) if output else None
        if part is not None:
            self._fill(part, event, full=True)
            self._end(part)

    def _on_usage(self, event: Event) -> None:
        self._usage = merge_counters(self._usage, event.get("usage"))

    def _on_finish(self, event: Event) -> None:
        output = self._output(event)
        if output is not None:
            for name, value in event.items():
                if name not in ("type", "output") and value is not None:
                    output.finish[name] = value

    def _on_logprobs(self, event: Event) -> None:
        output = self._output(event)
        if output is not None and event.get("logprobs"):
            self._begin(output)
            output.logprobs.extend(event["logprobs"])
            self._out.append({"type": "logprobs", "output": output.number, "logprobs": event["logprobs"]})

    def _on_error(self, event: Event) -> None:
        self._fail(event["error"])

    def _on_end(self, _event: Event) -> None:
        self.ended = True
        self._last = None

    _HANDLERS: ClassVar[dict[str, Callable[["Brackets", Event], None]]] = {
        "start": _on_start,
        "part.start": _on_part_start,
        "part.delta": _on_delta,
        "part.full": _on_full,
        "part": _on_part,
        "part.end": _on_part_end,
        "usage": _on_usage,
        "finish": _on_finish,
        "logprobs": _on_logprobs,
        "error": _on_error,
        "end": _on_end,
    }

    # -- which part an event is about -------------------------------------------------------------------------------

    def _output(self, event: Event) -> OpenOutput | None:
        number = event.get("output") or 0
        if number and self._first_only:
            self.dropped.add("outputs")
            return None
        output = self._outputs.get(number)
        if output is None:
            output = self._outputs[number] = OpenOutput(number)
        return output

    def _place(self, event: Event, full: bool = False) -> OpenPart | None:
        output = self._output(event)
        if output is None:
            return None
        kind = event.get("kind")
        part = output.find(kind, event.get("key"))
        if part is not None and not part.superseded_by(event, full):
            output.remember(part)
            return part
        if part is not None:
            kind = part.kind
        return None if kind is None else self._enter(output, kind, event.get("key"))

    def _enter(self, output: OpenOutput, kind: str, key: object) -> OpenPart:
        for older in (output.run, output.find(kind, key)):
            if older is not None:
                self._end(older)
        part = OpenPart(output.number, kind, key)
        output.remember(part)
        if self._kinds is not None and kind not in self._kinds:
            part.state, part.ended = CLOSED, True  # it still takes its deltas, and nobody sees them
            self.dropped.add(kind)
        else:
            self._open.append(part)
        return part

    def _sent_again(self, output: OpenOutput, whole: dict[str, Any]) -> bool:
        part = output.calls.get(whole.get("id") or "")
        if part is None or part.members["name"] != whole.get("name"):
            return False
        if part.state == CLOSED:
            empty = "" if part.members.get("custom") else "{}"
            return same_call(part.build(), {**whole, "arguments": whole.get("arguments") or empty})
        self._fill(part, whole, full=True)
        self._end(part)
        return True

    # -- the life of a part -----------------------------------------------------------------------------------------

    def _fill(self, part: OpenPart, event: Event, full: bool = False) -> None:
        part.take_members(event)
        if part.state == CLOSED:
            return
        payload = part.new_payload(event, full)
        citations = part.new_citations(event, full)
        if part.state == LIVE:
            if payload:
                self._delta(part, part.field, payload)
            if citations:
                self._delta(part, "citations", citations)
            self._last = part
        else:
            self._advance(part)

    def _advance(self, part: OpenPart) -> None:
        if self._serial:
            self._drain()
        elif part.ready():
            self._start(part)

    def _end(self, part: OpenPart) -> None:
        output = self._outputs[part.number]
        if output.run is part:
            output.run = None
        if self._last is part:
            self._last = None
        if part.ended:
            return
        part.ended = True
        if self._serial:
            self._drain()
        elif part.state == LIVE:
            self._close(part)
        elif part.ready():
            self._start(part)
            self._close(part)
        else:
            self._discard(part)

    def _drain(self) -> None:
        """Show queued parts one after another, for as long as the current one is known to be finished."""
        while True:
            current = self._current
            if current is not None:
                if not current.ended and not (self._next(current) and current.complete_call()):
                    return
                self._close(current)
            self._current = self._next()
            if self._current is None:
                return
            self._start(self._current)

    def _next(self, after: OpenPart | None = None) -> OpenPart | None:
        for part in list(self._open):
            if part is not after and part.ready():
                return part
            if part is not after and part.ended:
                self._discard(part)
        return None

    def _discard(self, part: OpenPart) -> None:
        part.state = CLOSED
        self._open.remove(part)

    def _start(self, part: OpenPart) -> None:
        output = self._outputs[part.number]
        self._begin(output)
        if self._slots is not None and needs_carrier({"kind": part.kind, **part.members}, self._slots):
            self._carry(output, part.members["signature"], NEXT)
            part.carried = True
        output.enter(part)
        if part.kind == "tool_call":
            self._identify(output, part)
        part.state = LIVE
        event = {"type": "part.start", "output": part.number, "index": part.index, "ordinal": part.ordinal,
                 "kind": part.kind, **part.members}  # fmt: skip
        event.pop("signature", None)  # always the last delta
        self._out.append(event)
        if part.pieces:
            part.pieces = ["".join(part.pieces)]
            self._delta(part, part.field, part.pieces[0])
        if part.citations:
            self._delta(part, "citations", list(part.citations))
        if not part.ended:
            self._last = part

    def _close(self, part: OpenPart) -> None:
        output = self._outputs[part.number]
        if output.run is part:
            output.run = None
        if self._last is part:
            self._last = None
        part.built = part.build()
        if part.kind == "tool_call" and not part.pieces and part.built["arguments"]:
            self._delta(part, "arguments", part.built["arguments"])
        if "signature" in part.members:
            self._delta(part, "signature", part.members["signature"])
        part.state, part.ended = CLOSED, True
        self._open.remove(part)
        self._out.append({"type": "part.end", "output": part.number, "index": part.index, "ordinal": part.ordinal,
                          "kind": part.kind, "part": part.built})  # fmt: skip
        if self._slots is not None and not part.carried and needs_carrier(part.built, self._slots):
            self._carry(output, part.members["signature"], PREVIOUS)

    def _identify(self, output: OpenOutput, part: OpenPart) -> None:
        given = part.members.get("id")
        if not given or given in output.calls:
            head = self._head.get("id", "")
            part.members["id"] = derive_id(head, part.number, part.ordinal, part.members["name"])
        output.calls[part.members["id"]] = part

    def _carry(self, output: OpenOutput, signature: str, place: str) -> None:
        made = OpenPart(output.number, "reasoning", None)
        made.take_whole(carrier(signature, place))
        made.ended = True
        self._open.append(made)
        self._start(made)
        self._close(made)

    # -- emitting ---------------------------------------------------------------------------------------------------

    def _delta(self, part: OpenPart, member: str, value: object) -> None:
        self._out.append({"type": "part.delta", "output": part.number, "index": part.index, "ordinal": part.ordinal,
                          "kind": part.kind, member: value})  # fmt: skip

    def _begin(self, output: OpenOutput) -> None:
        if not self._started:
            self._started = True
            self._head = {**self._defaults, **self._head}
            usage = {"usage": dict(self._usage)} if self._usage else {}
            self._out.append({"type": "start", **self._head, **usage})
        if not output.started:
            output.started = True
            self._out.append({"type": "output.start", "output": output.number})

    def _response(self) -> dict[str, Any]:
        head = self._head if self._started else {**self._defaults, **self._head}
        outputs = [output.build() for _, output in sorted(self._outputs.items())]
        response = {**head, "outputs": outputs}
        if self._usage:
            response["usage"] = self._usage
        return response

    def _fail(self, error: dict[str, Any]) -> None:
        self._over = self.ended = True
        self._last = None
        self._out.append({"type": "error", "error": error, "response": self._response()})
