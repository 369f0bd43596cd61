"""A protocol as the pipeline sees it: requests, responses, streams, errors and lists, decoded and encoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..canonical import schema
from ..canonical.brackets import Brackets
from ..canonical.carriers import attach_response
from ..canonical.native import shows
from ..canonical.settle import settle
from ..canonical.unfold import unfold
from ..language.mapping import CompiledMapping
from ..language.operators import is_false
from ..wire.framing import DEFAULT_CAP, Framing
from . import requests
from .asking import UsageOnRequest
from .call import Call, Encoded, present, roots_of
from .errors import Json, RequestRejected, UpstreamErrorBody, invalid_request
from .files import (
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
from .stored import StoredEncode
from .stream_encoder import StreamEncoder
from .streams import StreamDecoder
from .unread import losses_of, unread


@dataclass(frozen=True, slots=True, weakref_slot=True, repr=False)
class WireProtocol:
    """One protocol folder, compiled; a file the folder lacks is None.

    `subject` says what its messages are about. `passthrough` says which bodies of its clients an upstream that speaks
    the dialect takes as they are (None: all).
    """

    name: str
    family: str
    framing: Framing
    subject: str
    request_decode: RequestDecode | None
    request_encode: RequestEncode | None
    response_decode: ResponseDecode | None
    response_encode: ResponseEncode | None
    stream_decode: StreamRules | None
    stream_encode: StreamRules | None
    error_decode: ErrorDecode | None
    error_encode: ErrorEncode | None
    models_encode: ModelsEncode | None
    dialect: str | None = None
    passthrough: CompiledMapping | None = None
    count_decode: CountDecode | None = None
    count_encode: CountEncode | None = None
    stored_encode: StoredEncode | None = None
    usage_on_request: UsageOnRequest | None = None

    def takes(self, body: Json, target: Mapping[str, object]) -> bool:
        """Tell whether an upstream takes this body of a client of its protocol as it is."""
        return self.passthrough is None or not is_false(self.passthrough.run({"body": body, "target": target}))

    def decode_request(self, body: Json, call: Call) -> Json:
        """Read a client's body as a canonical request; raises RequestRejected."""
        body = self.spelled(body)
        request = requests.decode(self.name, present(self.request_decode), body, call)
        self.note(body, call, request)
        return request

    def spelled(self, body: Json) -> Json:
        """Spell a client's body as rules read it."""
        names = present(self.request_decode).names
        return names.respell(body) if names is not None else body

    def note(self, body: Json, call: Call, request: Json) -> None:
        """Note in the call what of a client's body no rule reads, and what is declared of its places."""
        rules = present(self.request_decode)
        call.unread = losses_of(unread(body, rules.read, request), rules.loss) if rules.read is not None else ()
        call.declared = rules.loss

    def encode_request(self, request: Json, call: Call) -> Encoded:
        """Write a canonical request as an upstream's body; raises RequestRejected for a loss that is refused."""
        rules = present(self.request_encode)
        request, losses = requests.prepare(rules, request, roots_of(call))
        own, foreign = requests.own_members(self.name, rules, request)
        told = (it for loss in (*losses, *foreign) for it in requests.as_declared(loss, call.declared, request))
        losses = [*told, *call.unread]
        refused = next((loss for loss in losses if loss.severity == "reject"), None)
        if refused is not None:
            message = f"`{refused.path}` cannot be sent to this model: {refused.reason}"
            raise RequestRejected(invalid_request(message, refused.path))
        body = rules.make.run(roots_of(call, request=request))
        return Encoded({**own, **body} if own else body, tuple(losses))

    def decode_response(self, body: Json, call: Call) -> Json:
        """Read an upstream's answer as a canonical response; raises UpstreamErrorBody when it says an error."""
        self.check_answer(body)
        response = present(self.response_decode).make.run(roots_of(call, body=body))
        try:
            settled = settle(response if isinstance(response, dict) else {})
        except (AttributeError, KeyError, TypeError, ValueError) as fault:
            problem = schema.check_response(response)[:1]
            message = f"The upstream's answer cannot be read: {', '.join(problem)}"
            raise UpstreamErrorBody({"kind": "bad_gateway", "status": 502, "message": message}) from fault
        call.count(settled.get("usage"))
        head = call.head
        return {**(head if call.created is None else call.defaults), **settled, **head}

    def count_answer(self, body: Json, call: Call) -> None:
        """Note in the call the token counts of an upstream's answer of which nothing else is wanted."""
        rules = present(self.response_decode)
        if rules.usage is not None:
            usage = rules.usage.run(roots_of(call, body=body))
        else:
            response = rules.make.run(roots_of(call, body=body))
            usage = response.get("usage") if isinstance(response, dict) else None
        call.count(usage)

    def check_answer(self, body: Json) -> None:
        """Look whether a body that came with a success status says an error; raises UpstreamErrorBody if so."""
        decode = self.error_decode
        if decode is not None and decode.when is not None and not is_false(decode.when.run({"body": body})):
            raise UpstreamErrorBody(self.decode_error(502, {}, body))

    def passes(self, body: Json, call: Call) -> bool:
        """Tell whether an upstream's answer keeps to the client's request, so that it may pass as it is."""
        rule = self.response_decode.passes if self.response_decode is not None else None
        return rule is None or not is_false(rule.run(roots_of(call, body=body)))

    def encode_response(self, response: Json, call: Call) -> Json:
        """Write a canonical response as a client's body."""
        rules = present(self.response_encode)
        written: Json = rules.make.run(roots_of(call, response=_shown(response, rules, self.name, call.lost)))
        return written

    def stream_decoder(
        self, call: Call, client: WireProtocol, cap: int = DEFAULT_CAP, *, runs: bool = False
    ) -> StreamDecoder:
        """Open the reading of an upstream's stream for a client of another protocol, or of this one.

        `cap` bounds one frame, in bytes; with `runs` deltas may come many at once.
        """
        rules, brackets, roots = present(self.stream_decode), client.brackets(call), roots_of(call)
        head, count = call.head, call.count
        return StreamDecoder(rules, self.framing, roots, brackets, head=head, cap=cap, count=count, runs=runs)

    def stream_watch(self, call: Call, cap: int = DEFAULT_CAP) -> StreamDecoder:
        """Open the reading of a stream of which only the end matters: whether it is whole, or an error."""
        rules = present(self.stream_decode)
        return StreamDecoder(rules, self.framing, roots_of(call), None, cap=cap, count=call.count)

    def brackets(self, call: Call) -> Brackets:
        """Open the brackets that make events this protocol can write."""
        rules, shown = present(self.stream_encode), present(self.response_encode)
        return Brackets(
            order="serial" if rules.serial else "free",
            outputs="first" if shown.first_only else "all",
            kinds=shown.kinds,
            slots=shown.slots,
            defaults=call.defaults,
            dropped=call.lost,
            protocol=self.name,
        )

    def stream_encoder(self, call: Call, told: int = 0) -> StreamEncoder:
        """Open the writing of a client's stream, of which `told` frames have gone out already."""
        rules, roots = present(self.stream_encode), roots_of(call)
        return StreamEncoder(rules, self.framing, roots, lambda error: self.encode_stream_error(error, call), told)

    def encode_whole_stream(self, response: Json, call: Call) -> bytes:
        """Write a whole canonical response as all frames of a stream."""
        brackets = self.brackets(call)
        events = brackets.feed(unfold(response))
        return self.stream_encoder(call).feed([*events, *brackets.finish(complete=True)])

    def decode_error(self, status: int, headers: Mapping[str, str], body: object) -> Json:
        """Read an upstream's error, whatever its body is, as a canonical error."""
        rules = present(self.error_decode)
        said = rules.make.run({"status": status, "headers": headers, "body": body})
        error: Json = {"status": status, **(said if isinstance(said, dict) else {})}
        error.setdefault("kind", kind_of_status(error["status"]))
        error.setdefault("message", f"The upstream answered with status {status}")
        return error

    def encode_error(self, error: Json, call: Call) -> tuple[int, Mapping[str, str], Json]:
        """Write a canonical error as status, headers and body."""
        rules = present(self.error_encode)
        roots = roots_of(call, error=_named(error, call))
        status = rules.status.run(roots)
        headers = rules.headers.run(roots) if rules.headers is not None else None
        body: Json = rules.make.run(roots)
        return status if isinstance(status, int) else int(error.get("status", 500)), headers or {}, body

    def encode_stream_error(self, error: Json, call: Call) -> Sequence[Json]:
        """Write a canonical error as the data of a stream's last frames."""
        rules = present(self.error_encode)
        if rules.stream is None:
            return (self.encode_error(error, call)[2],)
        frames = rules.stream.run(roots_of(call, error=_named(error, call)))
        return frames if isinstance(frames, list) else [frames]

    def counted_request(self, body: Json, call: Call) -> object:
        """Give the request that a client's body asks to count."""
        rules = present(self.count_encode)
        return body if rules.request is None else rules.request.run(roots_of(call, body=body))

    def count_request(self, body: Json, call: Call) -> Json:
        """Write what an upstream is asked with, to count a body that would ask it for an answer."""
        rules = present(self.count_decode)
        asked: Json = body if rules.request is None else rules.request.run(roots_of(call, body=body))
        return asked

    def decode_count(self, body: Json, call: Call) -> Json:
        """Read an upstream's answer as a canonical count; raises UpstreamErrorBody when it says no count."""
        count = present(self.count_decode).make.run(roots_of(call, body=body))
        if not isinstance(count, dict) or type(count.get("input")) is not int:
            raise UpstreamErrorBody(self.decode_error(502, {}, body))
        return count

    def encode_count(self, count: Json, call: Call) -> Json:
        """Write a canonical count as a client's body."""
        written: Json = present(self.count_encode).make.run(roots_of(call, count=count))
        return written

    @property
    def stored(self) -> StoredEncode:
        """What a client is shown of what is kept."""
        return present(self.stored_encode)

    def encode_models(self, models: Sequence[Json], call: Call) -> Json:
        """Write the list of models."""
        listed: Json = present(self.models_encode).list.run(roots_of(call, models=list(models)))
        return listed

    def encode_model(self, model: Json, call: Call) -> Json:
        """Write one model."""
        rules = present(self.models_encode)
        written: Json = (rules.one or rules.list).run(roots_of(call, model=model, models=[model]))
        return written


_KINDS = {
    400: "invalid_request", 401: "authentication", 402: "billing", 403: "permission", 404: "not_found",
    405: "invalid_request", 408: "timeout", 409: "conflict", 413: "too_large", 422: "unprocessable",
    429: "rate_limit", 499: "client_closed", 502: "bad_gateway", 503: "unavailable", 504: "timeout",
    529: "overloaded",
}  # fmt: skip


def kind_of_status(status: int) -> str:
    """Give the kind of error that an HTTP status alone tells of."""
    return _KINDS.get(status, "invalid_request" if 400 <= status < 500 else "server")


def _named(error: Json, call: Call) -> Json:
    """Give an error under the name of the client's request, whatever name it had upstream."""
    return error if call.request_id is None else {**error, "request_id": call.request_id}


def _shown(response: Json, rules: ResponseEncode, protocol: str, lost: set[str]) -> Json:
    """Give what a client can be shown: the outputs, the kinds of parts and the carriers its protocol has room for.

    The places of what is left out go into `lost`.
    """
    outputs = response["outputs"]
    if rules.first_only and len(outputs) > 1:
        outputs = outputs[:1]
        lost.add("outputs")
    if rules.kinds is not None:
        kinds = rules.kinds
        hidden = [part for output in outputs for part in output["parts"] if not shows(part, kinds, protocol)]
        if hidden:
            lost.update(f"outputs.parts.{part['kind']}" for part in hidden)
            outputs = [
                {**output, "parts": [part for part in output["parts"] if shows(part, kinds, protocol)]}
                for output in outputs
            ]
    shown = response if outputs is response["outputs"] else {**response, "outputs": outputs}
    return attach_response(shown, rules.slots) if rules.slots is not None else shown


__all__ = ["Call", "Encoded", "WireProtocol", "kind_of_status"]
