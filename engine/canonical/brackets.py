"""Decoder events → encoder events: whatever a source sends, an encoder sees a well-formed sequence.

docs/canonical.md states the grammar of both sides.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal

from .native import merge_native, shows
from .open_part import CLOSED, WAITING, Event, OpenOutput, OpenPart, says_something
from .settle import same_call
from .stage import Stage

INTERRUPTED = "The upstream's stream ended before it was complete"


def one_by_one(deltas: Event) -> list[Event]:
    """Return the events that an event `part.deltas` stands for."""
    position = {name: deltas[name] for name in ("output", "index", "ordinal", "kind")}
    return [{"type": "part.delta", **position, deltas["member"]: text} for text in deltas["texts"]]


class Brackets:
    """Opens and closes parts, and folds the response as it goes. One instance reads one stream.

    order: `serial` shows one part at a time and queues what belongs to others; `free` lets keyed parts interleave
    outputs: `first` keeps output 0 only
    kinds: the kinds of parts the encoder can write (None: all); others are left out before anything is numbered
    slots: the kinds on which the client's protocol has room for a signature (None: no carriers are made)
    defaults: members of `start` that the source may omit (id, model, created)
    dropped: gathers the places of what was left out: `outputs`, or `outputs.parts.` and a kind
    protocol: whose native parts the encoder can write (None: all)
    """

    def __init__(
        self,
        *,
        order: Literal["free", "serial"] = "free",
        outputs: Literal["all", "first"] = "all",
        kinds: Collection[str] | None = None,
        slots: Collection[str] | None = None,
        defaults: Mapping[str, Any] | None = None,
        dropped: set[str] | None = None,
        protocol: str | None = None,
    ) -> None:
        self.ended = False  # the source said that it is over, or failed; nothing after that is read
        self.dropped = set() if dropped is None else dropped
        self._stage = Stage(serial=order == "serial", slots=slots, defaults=defaults)
        self._first_only = outputs == "first"
        self._kinds = kinds
        self._protocol = protocol
        self._over = False

    def feed(self, events: Iterable[Event]) -> list[Event]:
        """Take the next decoder events and return the encoder events they lead to."""
        stage = self._stage
        out = stage.out = []
        for event in events:
            last = stage.last
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

    @property
    def shown(self) -> list[Event]:
        """The encoder events of the last call, as far as it came."""
        return self._stage.out

    @property
    def open_part(self) -> OpenPart | None:
        """The part that the last event added text to, if more of it may come."""
        return self._stage.last

    def continued(self, event: Event) -> OpenPart | None:
        """Return the open part if an event adds text to it and says nothing else; the text itself is not looked at."""
        last = self._stage.last
        continues = (
            last is not None
            and last.field in event
            and event["type"] == "part.delta"
            and event.keys() <= last.plain
            and event.get("kind", last.kind) == last.kind
            and event.get("key") == last.key
            and event.get("output", 0) == last.number
        )
        return last if continues else None

    def extend(self, part: OpenPart, texts: Sequence[str]) -> Event:
        """Take many such events at once, by their texts, of which none is empty; return one event that says so."""
        part.pieces.extend(texts)
        return {"type": "part.deltas", "output": part.number, "index": part.index, "ordinal": part.ordinal,
                "kind": part.kind, "member": part.field, "texts": texts}  # fmt: skip

    def finish(self, complete: bool, error: Mapping[str, Any] | None = None) -> list[Event]:
        """Return the closing events once the source is exhausted.

        A stream that is not `complete` ends in `error` (by default a bad gateway); a second call returns nothing.
        """
        out = self._stage.out = []
        if self._over:
            return out
        self._over = self.ended = True
        if complete:
            self._stage.complete()
        else:
            self._stage.fail(dict(error) if error else {"kind": "bad_gateway", "status": 502, "message": INTERRUPTED})
        return out

    # -- decoder events ---------------------------------------------------------------------------------------------

    def _on_start(self, event: Event) -> None:
        self._stage.introduce(event)

    def _on_part_start(self, event: Event) -> None:
        output = self._output(event)
        if output is None:
            return
        kind, key, its = event["kind"], event.get("key"), event.get("id")
        part = output.find(kind, key) if key is not None else None
        if part is None or part.ended or (its and part.given_id and its != part.given_id):
            part = self._enter(output, kind, key, event)
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
        part = self._enter(output, whole["kind"], None, whole)
        if part.state == WAITING:
            part.take_whole(whole)
            self._stage.advance(part)
        self._stage.end(part)

    def _on_part_end(self, event: Event) -> None:
        output = self._output(event)
        part = output.find(event.get("kind"), event.get("key")) if output else None
        if part is not None:
            self._fill(part, event, full=True)
            self._stage.end(part)

    def _on_usage(self, event: Event) -> None:
        self._stage.count(event.get("usage"))

    def _on_finish(self, event: Event) -> None:
        output = self._output(event)
        if output is not None:
            for name, value in event.items():
                if name not in ("type", "output") and value is not None:
                    output.finish[name] = value

    def _on_output(self, event: Event) -> None:
        output = self._output(event)
        if output is not None:
            output.native = merge_native(output.native, event.get("native"))

    def _on_logprobs(self, event: Event) -> None:
        output = self._output(event)
        if output is not None and event.get("logprobs"):
            self._stage.begin(output)
            output.logprobs.extend(event["logprobs"])
            self._stage.out.append({"type": "logprobs", "output": output.number, "logprobs": event["logprobs"]})

    def _on_error(self, event: Event) -> None:
        self._over = self.ended = True
        self._stage.fail(event["error"])

    def _on_end(self, _event: Event) -> None:
        self.ended = True
        self._stage.last = None

    _HANDLERS: ClassVar[dict[str, Callable[["Brackets", Event], None]]] = {
        "start": _on_start,
        "part.start": _on_part_start,
        "part.delta": _on_delta,
        "part.full": _on_full,
        "part": _on_part,
        "part.end": _on_part_end,
        "usage": _on_usage,
        "finish": _on_finish,
        "output": _on_output,
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
        output = self._stage.outputs.get(number)
        if output is None:
            output = self._stage.outputs[number] = OpenOutput(number)
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
        return None if kind is None else self._enter(output, kind, event.get("key"), event)

    def _enter(self, output: OpenOutput, kind: str, key: object, members: Event) -> OpenPart:
        for older in (output.run, output.find(kind, key)):
            if older is not None:
                self._stage.end(older)
        part = OpenPart(output.number, kind, key)
        output.remember(part)
        if self._kinds is not None and not shows({**members, "kind": kind}, self._kinds, self._protocol):
            part.state, part.ended = CLOSED, True  # it still takes its deltas, and nobody sees them
            self.dropped.add(f"outputs.parts.{kind}")
        else:
            self._stage.add(part)
        return part

    def _sent_again(self, output: OpenOutput, whole: dict[str, Any]) -> bool:
        part = output.calls.get(whole.get("id") or "")
        if part is None or part.members["name"] != whole.get("name"):
            return False
        if part.state == CLOSED:
            empty = "" if part.members.get("custom") else "{}"
            return same_call(part.build(), {**whole, "arguments": whole.get("arguments") or empty})
        self._fill(part, whole, full=True)
        self._stage.end(part)
        return True

    def _fill(self, part: OpenPart, event: Event, full: bool = False) -> None:
        part.take_members(event)
        if part.state != CLOSED:
            self._stage.extend(part, part.new_payload(event, full), part.new_citations(event, full))
