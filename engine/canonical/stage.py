"""What an encoder has been shown of a stream, and what still waits to be shown."""

from collections.abc import Collection, Mapping
from typing import Any

from .carriers import NEXT, PREVIOUS, carrier, needs_carrier
from .native import merge_native
from .open_part import CLOSED, LIVE, WAITING, Event, OpenOutput, OpenPart
from .settle import derive_id, settle
from .usage import merge_counters


class Stage:
    """Shows parts to the encoder in the order it can bear, numbers them, and keeps what the response adds up to."""

    def __init__(self, *, serial: bool, slots: Collection[str] | None, defaults: Mapping[str, Any] | None) -> None:
        self.out: list[Event] = []  # the encoder events since it was last emptied
        self.last: OpenPart | None = None  # the live part that the last delta went to
        self.outputs: dict[int, OpenOutput] = {}
        self._serial = serial
        self._slots = slots
        self._defaults = dict(defaults or {})
        self._head: dict[str, Any] = {}
        self._usage: dict[str, Any] = {}
        self._open: list[OpenPart] = []  # not closed yet, in order of appearance
        self._current: OpenPart | None = None  # the one live part, if serial
        self._started = False

    def introduce(self, members: Mapping[str, Any]) -> None:
        """Take what a source says about the whole response; the first value of each member, or native field, stays."""
        for name, value in members.items():
            if name == "usage":
                self.count(value)
            elif name == "native" and value:
                self._head["native"] = merge_native(value, self._head.get("native"))
            elif name != "type" and value is not None and value != "":
                self._head.setdefault(name, value)

    def count(self, usage: Mapping[str, Any] | None) -> None:
        """Merge token counts."""
        self._usage = merge_counters(self._usage, usage)

    def add(self, part: OpenPart) -> None:
        """Take a new part, to be shown when it is ready and it is its turn."""
        self._open.append(part)

    def extend(self, part: OpenPart, payload: str, citations: list[Any]) -> None:
        """Show what was just appended to a part, or see whether the part may be shown now."""
        if part.state != LIVE:
            self.advance(part)
            return
        if payload:
            self._delta(part, part.field, payload)
        if citations:
            self._delta(part, "citations", citations)
        self.last = part

    def advance(self, part: OpenPart) -> None:
        """Show a waiting part if it is ready and may be shown now."""
        if self._serial:
            self._drain()
        elif part.ready():
            self._start(part)

    def end(self, part: OpenPart) -> None:
        """Note that nothing more comes for a part; a second time changes nothing."""
        output = self.outputs[part.number]
        if output.run is part:
            output.run = None
        if part.ended:
            return
        part.ended = True
        if part.state == WAITING and not part.ready():
            part.state = CLOSED
            self._open.remove(part)
        elif self._serial:
            self._drain()
        else:
            if part.state == WAITING:
                self._start(part)
            self._close(part)

    def complete(self) -> None:
        """Show the end of a stream that has said everything."""
        for part in list(self._open):
            self.end(part)
        response = settle(self._response())
        for output in response["outputs"]:
            number = output["index"]
            self.begin(self.outputs.setdefault(number, OpenOutput(number)))
            native = {"native": output["native"]} if "native" in output else {}
            self.out.append({"type": "finish", "output": number, "finish": output["finish"], **native})
        if self._usage:
            self.out.append({"type": "usage", "usage": self._usage})
        self.out.append({"type": "end", "response": response})

    def fail(self, error: dict[str, Any]) -> None:
        """Show an error as the last event, with what the response was so far."""
        self.last = None
        self.out.append({"type": "error", "error": error, "response": self._response()})

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
        return next((part for part in self._open if part is not after and part.ready()), None)

    def _start(self, part: OpenPart) -> None:
        output = self.outputs[part.number]
        self.begin(output)
        if self._slots is not None and needs_carrier({"kind": part.kind, **part.members}, self._slots):
            self._carry(output, part, NEXT)
            part.carried = True
        output.enter(part)
        if part.kind == "tool_call":
            self._identify(output, part)
        part.state = LIVE
        event = {"type": "part.start", "output": part.number, "index": part.index, "ordinal": part.ordinal,
                 "kind": part.kind, **part.members}  # fmt: skip
        event.pop("signature", None)  # always the last delta
        self.out.append(event)
        if part.pieces:
            part.pieces = ["".join(part.pieces)]
            self._delta(part, part.field, part.pieces[0])
        if part.citations:
            self._delta(part, "citations", list(part.citations))
        if not part.ended:
            self.last = part

    def _close(self, part: OpenPart) -> None:
        output = self.outputs[part.number]
        if output.run is part:
            output.run = None
        if self.last is part:
            self.last = None
        part.built = part.build()
        if part.kind == "tool_call" and not part.pieces and part.built["arguments"]:
            self._delta(part, "arguments", part.built["arguments"])
        if "signature" in part.members:
            self._delta(part, "signature", part.members["signature"])
        part.state, part.ended = CLOSED, True
        self._open.remove(part)
        self.out.append({"type": "part.end", "output": part.number, "index": part.index, "ordinal": part.ordinal,
                          "kind": part.kind, "part": part.built})  # fmt: skip
        if self._slots is not None and not part.carried and needs_carrier(part.built, self._slots):
            self._carry(output, part, PREVIOUS)

    def _identify(self, output: OpenOutput, part: OpenPart) -> None:
        given = part.members.get("id")
        if not given or given in output.calls:
            head = self._head.get("id", "")
            part.members["id"] = derive_id(head, part.number, part.ordinal, part.members["name"])
        output.calls[part.members["id"]] = part

    def _carry(self, output: OpenOutput, part: OpenPart, place: str) -> None:
        made = OpenPart(output.number, "reasoning", None)
        made.take_whole(carrier(part.members["signature"], part.kind, place))
        made.ended = True
        self._open.append(made)
        self._start(made)
        self._close(made)

    def _delta(self, part: OpenPart, member: str, value: object) -> None:
        self.out.append({"type": "part.delta", "output": part.number, "index": part.index, "ordinal": part.ordinal,
                          "kind": part.kind, member: value})  # fmt: skip

    def begin(self, output: OpenOutput) -> None:
        """Show the start of the stream and of an output, once each."""
        if not self._started:
            self._started = True
            self._head = {**self._defaults, **self._head}
            usage = {"usage": dict(self._usage)} if self._usage else {}
            self.out.append({"type": "start", **self._head, **usage})
        if not output.started:
            output.started = True
            self.out.append({"type": "output.start", "output": output.number})

    def _response(self) -> dict[str, Any]:
        head = self._head if self._started else {**self._defaults, **self._head}
        outputs = [output.build() for _, output in sorted(self.outputs.items())]
        response = {**head, "outputs": outputs}
        if self._usage:
            response["usage"] = self._usage
        return response
