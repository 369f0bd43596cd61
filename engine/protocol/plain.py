"""A protocol whose messages are one question and one answer: without turns, parts and brackets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..canonical import schema
from ..canonical.plain import Gathering
from ..wire.framing import DEFAULT_CAP
from .call import Call, present, roots_of
from .errors import Json, RequestRejected, UpstreamErrorBody, invalid_request
from .requests import bagged
from .streams import StreamDecoder
from .wire_protocol import WireProtocol


@dataclass(frozen=True, slots=True)
class PlainProtocol(WireProtocol):
    """A protocol of a subject whose canonical form is the mapping's own work; see `WireProtocol`."""

    def decode_request(self, body: Json, call: Call) -> Json:
        """Read a client's body as a canonical request; raises RequestRejected when it lacks what the subject needs."""
        rules = present(self.request_decode)
        body = self.spelled(body)
        request = rules.make.run(roots_of(call, body=body))
        request = request if isinstance(request, dict) else {}
        for member in _required(self.subject, "request"):
            if member not in request:
                raise RequestRejected(invalid_request(f"the request has no `{member}`", member))
        self.note(body, call, request)
        return bagged(self.name, rules, request, body)

    def decode_response(self, body: Json, call: Call) -> Json:
        """Read an upstream's answer as a canonical response; raises UpstreamErrorBody when it says none."""
        self.check_answer(body)
        response = present(self.response_decode).make.run(roots_of(call, body=body))
        response = response if isinstance(response, dict) else {}
        if lacking := [member for member in _required(self.subject, "response") if member not in response]:
            message = f"The upstream's answer has no {', '.join(lacking)}."
            said = present(self.error_decode).make.run({"status": 502, "headers": {}, "body": body})
            error = said if isinstance(said, dict) else {}
            raise UpstreamErrorBody({"kind": "bad_gateway", "status": 502, "message": message, **error})
        call.count(response.get("usage"))
        if "usage" not in response:
            call.lost.add("usage")
        return response if call.model is None else {**response, "model": call.model}

    def encode_response(self, response: Json, call: Call) -> Json:
        """Write a canonical response as a client's body."""
        written: Json = present(self.response_encode).make.run(roots_of(call, response=response))
        return written

    def stream_decoder(
        self,
        call: Call,
        client: WireProtocol,  # noqa: ARG002 - its forms are not made by brackets, so that there are no runs either
        cap: int = DEFAULT_CAP,
        *,
        runs: bool = False,  # noqa: ARG002
    ) -> StreamDecoder:
        """Open the reading of an upstream's stream; whoever reads its events gets them as the rules emit them."""
        rules = present(self.stream_decode)
        roots, gathering = roots_of(call), Gathering()
        return StreamDecoder(rules, self.framing, roots, gathering, head=call.head, cap=cap, count=call.count)

    def encode_whole_stream(self, response: Json, call: Call) -> bytes:
        """Write a whole canonical response as all frames of a stream."""
        events: Sequence[Json] = ({"type": "answer", "response": response}, {"type": "end", "response": response})
        return self.stream_encoder(call).feed(events)


def _required(subject: str, root: str) -> Sequence[str]:
    """Name the members that a mapping must make; the address may name the model."""
    needed: Sequence[str] = schema.load(schema.name_of(subject, root))["required"]
    return [member for member in needed if member != "model"]
