"""From the files of a protocol folder to a `WireProtocol`; everything wrong is reported, nothing raises."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from ..canonical import schema
from ..canonical.arrange import TurnOptions
from ..canonical.loss import Declared, LossPlan
from ..canonical.plain import PlainLosses
from ..config.document import Document, Where
from ..diagnostics import Diagnostics, did_you_mean
from ..language.mapping import CompiledMapping, compile_mapping
from ..language.origins import Origins
from ..language.scope import Layout, Scope
from ..language.shape import Compiler
from ..language.stream import compile_rules, state_of
from ..wire.framing import KINDS, Framing
from .asking import read_usage_on_request
from .files import (
    PARTS,
    CountDecode,
    CountEncode,
    ErrorDecode,
    ErrorEncode,
    ModelsEncode,
    RequestDecode,
    RequestEncode,
    ResponseDecode,
    ResponseEncode,
    StreamRules,
)
from .late import Build, Make, amended, built
from .losses import read_declared, read_losses
from .makes import Makes
from .names import read_names
from .plain import PlainProtocol
from .reads import canonical_reads, unknown_path
from .stored import ConversationEncode, StoredEncode
from .unread import read_tree
from .vocabulary import members, named, read_vocabulary, report_unused
from .wire_protocol import WireProtocol

FILES = (
    "protocol",
    "request.decode",
    "request.encode",
    "response.decode",
    "response.encode",
    "stream.decode",
    "stream.encode",
    "error.decode",
    "error.encode",
    "count.decode",
    "count.encode",
    "models.encode",
    "stored.encode",
)
PATCHED = (
    "framing", "passthrough", "request_encode", "response_decode", "stream_decode", "error_decode", "count_decode",
)  # fmt: skip
"""What is another in a dialect, of the members of a protocol."""

_CALL = ("path", "query", "headers", "target", "memo")
_STREAM = ("event", "state", "request", "target", "memo")


class Folder:
    """The files of one protocol, compiled when they are asked for; in `sound` ones nothing wrong is looked for."""

    def __init__(
        self,
        name: str,
        documents: Mapping[str, Document],
        diagnostics: Diagnostics,
        origins: Origins | None = None,
        *,
        sound: bool = False,
    ) -> None:
        self._name, self._sound = name, sound
        self._documents = documents
        self._diagnostics = diagnostics
        self._origins = origins
        self._about = members(documents["protocol"].data) if "protocol" in documents else {}
        self._subject = str(self._about.get("subject", schema.GENERATION))
        root = self._root("protocol") if "protocol" in documents else None
        self._vocabulary = read_vocabulary(self._about, root)
        self._makes = Makes(self._vocabulary, root.at("tables") if root else None, diagnostics, sound=sound)

    def compile(self, build: Build = built) -> WireProtocol:
        """Compile all files, now or when `build` has it done."""
        members = {
            "name": self._name,
            "family": str(self._about.get("family", self._name)),
            "framing": self._framing(),
            "subject": self._subject,
            "usage_on_request": read_usage_on_request(self._about.get("usage_on_request")),
        }
        makes: Mapping[str, Make] = {
            "request_decode": self._request_decode,
            "request_encode": self._request_encode,
            "response_decode": self._response_decode,
            "response_encode": self._response_encode,
            "stream_decode": partial(self._stream, "stream.decode", _STREAM),
            "stream_encode": partial(self._stream, "stream.encode", (*_STREAM, "response")),
            "error_decode": self._error_decode,
            "error_encode": self._error_encode,
            "models_encode": self._models_encode,
            "count_decode": self._count_decode,
            "count_encode": self._count_encode,
            "stored_encode": self._stored_encode,
        }
        return build(WireProtocol if self._subject == schema.GENERATION else PlainProtocol, members, makes)

    def compile_over(self, base: WireProtocol, kinds: Collection[str], passthrough: Where) -> WireProtocol:
        """Compile only the files of these kinds, of those that providers need; all else is that of `base`."""
        pieces: Mapping[str, tuple[str, Make]] = {
            "request.encode": ("request_encode", self._request_encode),
            "response.decode": ("response_decode", self._response_decode),
            "stream.decode": ("stream_decode", partial(self._stream, "stream.decode", _STREAM)),
            "error.decode": ("error_decode", self._error_decode),
            "count.decode": ("count_decode", self._count_decode),
        }
        makes = {member: make for kind, (member, make) in pieces.items() if kind in kinds}
        makes["passthrough"] = lambda: compile_mapping(passthrough, ("body", "target"), self._compiler())
        return amended(base, {"framing": self._framing()}, makes)

    def report_unused(self, only: Collection[tuple[str, str]] | None = None) -> None:
        """Say which tables, definitions and arguments nothing reads; what nothing uses still shows its mistakes."""
        if "protocol" in self._documents:
            report_unused(self._vocabulary, self._root("protocol"), self._diagnostics, only)

    def _framing(self) -> Framing:
        about = members(self._about.get("framing"))
        kind = about.get("kind", "sse")
        if kind not in KINDS:
            where = self._root("protocol").at("framing", "kind")
            suggestion = did_you_mean(str(kind), KINDS) or f"there are: {', '.join(KINDS)}"
            self._diagnostics.error("unknown-framing", where, f"there is no framing `{kind}`", help=suggestion)
            kind = "sse"
        return Framing(kind, about.get("event"), about.get("end"), about.get("content_type"), about.get("keep_alive"))

    def _request_decode(self) -> RequestDecode | None:
        make = self._mapping("request.decode", "make", ("body", *_CALL))
        if make is None:
            return None
        self._makes.hold(self._root("request.decode").at("make"), schema.name_of(self._subject, "request"))
        file = self._data("request.decode")
        read, runs = read_tree(make, "body"), frozenset(file.get("runs", ()))
        return RequestDecode(make, read, self._loss("request.decode"), read_names(file.get("names")), runs)

    def _request_encode(self) -> RequestEncode | None:
        make = self._mapping("request.encode", "make", ("request", *_CALL))
        if make is None:
            return None
        file = self._data("request.encode")
        kinds, tools = (named(file.get(name)) or frozenset() for name in ("kinds", "tools"))
        where = self._root("request.encode").at("loss")
        said = canonical_reads(make.reads, self._subject)
        severities, reads, decided = read_losses(where, self._compiler(), said, self._subject)
        plan: LossPlan | PlainLosses
        turns = None
        if self._subject == schema.GENERATION:
            plan, turns = LossPlan.build(reads, kinds, tools, severities, protocol=self._name), self._turn_options()
        else:
            plan = PlainLosses.build(self._subject, reads, severities, self._name)
        return RequestEncode(make, turns, plan, decided, named(file.get("native")), declared=severities)

    def _turn_options(self) -> TurnOptions:
        declared = members(self._data("request.encode").get("turns"))
        if "wrap" not in members(declared.get("later_system")):
            return TurnOptions.build(declared)
        where = self._root("request.encode").at("turns", "later_system", "wrap")
        template = compile_mapping(where, ("text",), self._compiler())
        return TurnOptions.build(declared, lambda text: str(template.run({"text": text})))

    def _response_decode(self) -> ResponseDecode | None:
        make = self._mapping("response.decode", "make", ("body", "request", *_CALL))
        passes = self._mapping("response.decode", "passes", ("body", "request", *_CALL))
        if make is None:
            return None
        self._makes.hold(self._root("response.decode").at("make"), schema.name_of(self._subject, "response"))
        return ResponseDecode(make, self._loss("response.decode"), passes, self._usage())

    def _usage(self) -> CompiledMapping | None:
        """Compile the token counts of an answer alone, where they stand in it as a plain member without names."""
        where = self._root("response.decode").at("make")
        made = members(where.value)
        if "usage" not in made or any(name.startswith("$") for name in made):
            return None
        compiler = Compiler(self._vocabulary, Diagnostics(), late=self._sound)  # what is wrong has been told once
        return compile_mapping(where.at("usage"), ("body", "request", *_CALL), compiler)

    def _loss(self, kind: str, root: str | None = None) -> Mapping[str, Declared]:
        return read_declared(self._root(kind).at("loss"), self._compiler(), root)

    def _response_encode(self) -> ResponseEncode | None:
        make = self._mapping("response.encode", "make", ("response", "request", *_CALL))
        if make is None:
            return None
        file = self._data("response.encode")
        kinds, slots = named(file.get("kinds")), named(file.get("slots"))
        loss = self._loss("response.encode", schema.name_of(self._subject, "response"))
        return ResponseEncode(make, kinds, slots, first_only=file.get("outputs") == "first", loss=loss)

    def _stream(self, kind: str, roots: tuple[str, ...]) -> StreamRules | None:
        if kind not in self._documents:
            return None
        canonical = kind == "stream.encode" and self._subject == schema.GENERATION
        file, where, compiler = self._data(kind), self._root(kind), self._compiler(events=canonical)
        layout = Layout()
        scope = Scope.of_roots(layout, roots)
        rules = compile_rules(where, scope, compiler, PARTS)
        if kind == "stream.decode" and self._subject == schema.GENERATION:
            self._makes.hold_emitted(where.at("rules"), schema.name_of(self._subject, "event"))
        complete = compiler.condition(where.at("complete"), scope).closure() if "complete" in file else None
        number, read = file.get("number"), {path[0] for path in compiler.reads}
        return StreamRules(
            rules,
            layout.size,
            scope.slots,
            state_of(file),
            complete,
            serial=file.get("order") == "serial",
            number=number if isinstance(number, str) else None,
            given=tuple(slot for name, slot in scope.slots.items() if name in read - {"event", "state"}),
        )

    def _error_decode(self) -> ErrorDecode | None:
        roots = ("status", "headers", "body")
        make = self._mapping("error.decode", "make", roots)
        if make is None:
            return None
        self._makes.hold(self._root("error.decode").at("make"), "error")
        return ErrorDecode(make, self._mapping("error.decode", "when", ("body",)))

    def _error_encode(self) -> ErrorEncode | None:
        roots = ("error", "request", *_CALL)
        make = self._mapping("error.encode", "make", roots)
        status = self._mapping("error.encode", "status", roots)
        if make is None or status is None:
            return None
        headers = self._mapping("error.encode", "headers", roots)
        return ErrorEncode(status, headers, make, self._mapping("error.encode", "stream", roots))

    def _count_decode(self) -> CountDecode | None:
        make = self._mapping("count.decode", "make", ("body", *_CALL))
        asked = self._mapping("count.decode", "request", ("body", *_CALL))
        if make is None:
            return None
        self._makes.hold(self._root("count.decode").at("make"), "count")
        return CountDecode(make, asked)

    def _count_encode(self) -> CountEncode | None:
        make = self._mapping("count.encode", "make", ("count", *_CALL))
        found = self._mapping("count.encode", "request", ("body", *_CALL))
        return CountEncode(make, found) if make is not None else None

    def _models_encode(self) -> ModelsEncode | None:
        listed = self._mapping("models.encode", "list", ("models", *_CALL))
        if listed is None:
            return None
        return ModelsEncode(listed, self._mapping("models.encode", "one", ("model", *_CALL)))

    def _stored_encode(self) -> StoredEncode | None:
        roots = {"deleted": ("stored",), "items": ("body", "stored"), "page": (), "inputs": ("page", "stored")}
        made = {name: self._mapping("stored.encode", name, (*own, *_CALL)) for name, own in roots.items()}
        found = {name: mapping for name, mapping in made.items() if mapping is not None}
        return StoredEncode(**found, conversations=self._conversations()) if len(found) == len(roots) else None

    def _conversations(self) -> ConversationEncode | None:
        roots = {
            "given": ("body",), "request": ("body", "entries"), "answered": ("body",), "entry": ("entry",),
            "shown": ("conversation",), "deleted": ("conversation",),
        }  # fmt: skip
        where, said = self._root("stored.encode").at("conversations"), self._data("stored.encode").get("conversations")
        if not isinstance(said, dict) or not {*roots, "most"} <= said.keys():
            return None
        compiler = self._compiler()
        made = {name: compile_mapping(where.at(name), (*own, *_CALL), compiler) for name, own in roots.items()}
        return ConversationEncode(**made, most=said["most"])

    def _mapping(self, kind: str, member: str, roots: tuple[str, ...]) -> CompiledMapping | None:
        if member not in self._data(kind):
            return None
        return compile_mapping(self._root(kind).at(member), roots, self._compiler())

    def _compiler(self, *, events: bool = False) -> Compiler:
        if self._sound:
            return Compiler(self._vocabulary, self._diagnostics, late=True)
        known = partial(unknown_path, subject=self._subject, events=events)
        return Compiler(self._vocabulary, self._diagnostics, unknown_path=known, origins=self._origins)

    def _data(self, kind: str) -> Mapping[str, Any]:
        return members(self._documents[kind].data) if kind in self._documents else {}

    def _root(self, kind: str) -> Where:
        return self._documents[kind].root
