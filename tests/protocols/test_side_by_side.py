"""Streams that are translated at the same time do not know of each other."""

from __future__ import annotations

from itertools import zip_longest

from torouter.cases import CANONICAL, Case
from torouter.cases.run import framed, frames_of
from torouter.protocol import Call, StreamDecoder, StreamEncoder

from tests.protocols.test_cases import cases, protocols


class Translation:
    """One stream on its way, frame by frame."""

    def __init__(self, case: Case) -> None:
        sender, self._receiver = protocols()[case.sender], protocols()[case.receiver]
        request = case.data.get("request")
        call = Call(target=case.data.get("target", {}), request=request, model=(request or {}).get("model"))
        self._decoder: StreamDecoder = sender.stream_decoder(call, self._receiver)
        self._encoder: StreamEncoder = self._receiver.stream_encoder(call)
        self._out: list[bytes] = []
        self.frames = list(framed(sender, case.data["in"]))

    def feed(self, frame: bytes) -> None:
        self._out.append(self._encoder.feed(self._decoder.feed(frame)))

    def close(self) -> object:
        self._out.append(self._encoder.feed(self._decoder.close()))
        return frames_of(self._receiver, b"".join(self._out))[0]


def test_streams_side_by_side_say_what_each_says_alone() -> None:
    streams = [case for case in cases() if case.what == "stream" and CANONICAL not in (case.sender, case.receiver)]
    under_way = [Translation(case) for case in streams]
    for frames in zip_longest(*(translation.frames for translation in under_way)):
        for translation, frame in zip(under_way, frames, strict=True):
            if frame is not None:
                translation.feed(frame)
    assert [translation.close() for translation in under_way] == [case.data["out"] for case in streams]
