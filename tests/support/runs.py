"""One stream through a relay, as it is and with all frames read one by one: nobody may be able to tell which it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from torouter.pipeline.passthrough import PassthroughRelay
from torouter.pipeline.translate import TranslationRelay
from torouter.protocol import Call, WireProtocol

REQUEST = {"model": "small-1", "turns": [], "stream": True, "stream_usage": True}
CAP = 1 << 20
_VALUE = re.compile(rb':\s*"((?:[^"\\]|\\.)*)"')

SOUND = [
    b"word ", b"a", b"b", b"{", b'{\\"city\\":', b"\\n\\n", b"\\u00e9", "é☃\u2028".encode(), b"\\ud83d\\ude00", b"\\/",
    b'\\"},\\"finish_reason\\":\\"stop\\"', b"null", b"x" * 300, b"[DONE]", b"data: x", b"%s %b {}", b"\\\\",
]  # fmt: skip
"""What may stand between quotes."""
ODD = [
    b"", b'"},"finish_reason":"stop","x":{"a":"', b'","type":"error","x":"', b"\\ud800", b"\xff", b"\\", b"\\x", b"\x01",
    b'"', b'a","b', b'"}]}\n\ndata: {"a":"', b"\xc3", b"\\u12",
]  # fmt: skip
"""What may not, and what means something."""
BETWEEN = [b": ping\n\n", b"\n", b"event: ping\n\n", b"data: {}\n\n", b"data: 1\ndata: 2\n\n", b"data: {\n\n"]


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    """Bytes cut at places that are taken round the end."""
    edges = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[start:end] for start, end in pairwise(edges) if start != end]


@st.composite
def stretched(draw: st.DrawFn, frames: Sequence[bytes]) -> bytes:
    """A stream whose frames are said more than once, with other texts, and with what does not belong there."""
    out: list[bytes] = []
    for frame in frames:
        values = [found.span(1) for found in _VALUE.finditer(frame)]
        place = draw(st.integers(0, max(len(values) - 1, 0)))
        texts = draw(st.lists(st.sampled_from(SOUND), max_size=9)) if values and draw(st.booleans()) else []
        if texts and draw(st.integers(0, 5)) == 0:
            texts.insert(draw(st.integers(0, len(texts))), draw(st.sampled_from(ODD)))
        out.append(frame)
        for text in texts:
            start, end = values[place]
            out.append(frame[:start] + text + frame[end:])
            if draw(st.integers(0, 20)) == 0:
                out.append(draw(st.sampled_from(BETWEEN)))
    whole = b"".join(out)
    return whole.replace(b"\n", b"\r\n") if draw(st.booleans()) else whole


def followed(make: Callable[[Call], Any], chunks: Sequence[bytes], *, runs: bool) -> dict[str, Any]:
    """Feed a relay; give all that can be seen of it, but for how the bytes were cut on their way out."""
    call = Call(request=REQUEST)
    relay = make(call)
    decoder, encoder = relay._decoder, getattr(relay, "_encoder", None)
    if not runs:
        decoder._runs = None
        if encoder is not None:
            encoder._casting.write = lambda *_: None
    out, begun = [], None
    for number, chunk in enumerate(chunks):
        out.append(relay.feed(chunk))
        begun = number if begun is None and relay.begun else begun
        if relay.over:
            break
    seen = {"over": relay.over, "satisfied": relay.satisfied, "broken": relay.broken}
    out.append(relay.close())
    seen |= {"begun": begun, "failed": relay.failed, "answer": relay.answer, "usage": call.usage, "lost": call.lost}
    seen |= {"state": decoder._state, "heard": decoder.heard, "tail": decoder.tail, "bytes": b"".join(out)}
    if encoder is not None:
        written = encoder._casting._frame[encoder._casting._state_slot]
        seen |= {"written": written, "number": encoder._number, "encoder": (encoder.over, encoder.failed)}
    return seen


def ways(upstream: WireProtocol, clients: Sequence[WireProtocol], cap: int = CAP) -> dict[str, Callable[[Call], Any]]:
    """Every way in which a stream of this upstream may go."""
    found: dict[str, Callable[[Call], Any]] = {
        f"to {client.name}": lambda call, client=client: TranslationRelay(upstream, client, call, cap) for client in clients
    }
    if upstream.framing.passes:
        found["through"] = lambda call: PassthroughRelay(upstream, upstream, call, cap)
        found["through and kept"] = lambda call: PassthroughRelay(upstream, upstream, call, cap, folded=True)
    return found


def hits(make: Callable[[Call], Any], chunks: Sequence[bytes]) -> int:
    """How many frames of a stream were not read one by one."""
    relay, found = make(Call(request=REQUEST)), 0
    runs = relay._decoder._runs
    if runs is None:
        return 0
    find = runs.find

    def counted(*arguments: Any) -> Any:
        nonlocal found
        fit, known = find(*arguments)
        found += fit.length
        return fit, known

    runs.find = counted
    for chunk in chunks:
        relay.feed(chunk)
    return found
