"""What becomes of a field: the messages with and without it are sent through both protocols and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..canonical.harmless import CONVERSATION, PLAIN, Silence
from ..canonical.loss import CANNOT, REFUSED, Declared, Loss
from ..protocol import Call, RequestRejected, UpstreamErrorBody, WireProtocol
from ..protocol.plain import PlainProtocol
from ..protocol.unread import declaration
from .differences import Place, canonical, differences, general, leaves, sealed, value_at, written
from .sampler import ABSENT, Probe

Status = Literal[
    "mapped", "approximated", "defaulted", "carried", "warned", "rejected", "dropped", "unlisted"
]  # fmt: skip

TARGET: Mapping[str, object] = {"model": "model"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a probe: `to` are the places of the target's message that change, `why` what was said of it."""

    probe: Probe
    status: Status
    to: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Sent:
    """One message on its way: the source's body, its canonical form, the target's body, and what was said of losses."""

    body: Any
    canonical: Any = None
    output: Any = None
    losses: tuple[Loss, ...] = ()
    refused: str | None = None


def cover_requests(source: WireProtocol, target: WireProtocol, probes: Iterable[Probe]) -> Iterator[Outcome]:
    """Give the outcome of each probe of a client's request on its way to an upstream of another protocol."""
    declared = source.request_decode.loss if source.request_decode is not None else {}
    given = target.request_encode.declared if target.request_encode is not None else {}
    dropped = {place: said for place, said in given.items() if said.severity == "drop"}
    return _cover(
        probes,
        PLAIN if isinstance(source, PlainProtocol) else CONVERSATION,
        lambda body: _request(source, target, body),
        lambda place: declaration(place, declared),
        lambda place: declaration(place, dropped),
    )


def cover_responses(source: WireProtocol, target: WireProtocol, probes: Iterable[Probe]) -> Iterator[Outcome]:
    """Give the outcome of each probe of an upstream's answer on its way to a client of another protocol."""
    behind = source.response_decode.loss if source.response_decode is not None else {}
    hidden = target.response_encode.loss if target.response_encode is not None else {}
    return _cover(
        probes,
        PLAIN if isinstance(source, PlainProtocol) else CONVERSATION,
        lambda body: _response(source, target, body),
        lambda place: declaration(place, behind),
        lambda place: declaration(place, hidden),
    )


def _cover(
    probes: Iterable[Probe],
    silence: Silence,
    send: Callable[[Any], _Sent],
    of_source: Callable[[str], Declared | None],
    of_canonical: Callable[[str], Declared | None],
) -> Iterator[Outcome]:
    for probe in probes:
        present = send(probe.present)
        absent = send({} if probe.absent is ABSENT else probe.absent)
        yield _judge(probe, silence, present, absent, of_source, of_canonical)


def _request(source: WireProtocol, target: WireProtocol, body: Any) -> _Sent:
    call = Call(target=TARGET)
    try:
        request = source.decode_request(body, call)
    except RequestRejected as fault:
        return _Sent(body, refused=str(fault.error["message"]))
    call.request = {**request, "model": TARGET["model"]}
    try:
        encoded = target.encode_request(call.request, call)
    except RequestRejected as fault:
        return _Sent(body, request, refused=str(fault.error["message"]))
    return _Sent(body, request, encoded.body, encoded.losses)


def _response(source: WireProtocol, target: WireProtocol, body: Any) -> _Sent:
    call = Call(target=TARGET, request={"turns": []})
    try:
        response = source.decode_response(body, call)
    except UpstreamErrorBody as fault:
        return _Sent(body, refused=str(fault.error["message"]))
    output = target.encode_response(response, call)
    losses = tuple(Loss(place, place, "warn", "the client's protocol has no place for it") for place in call.lost)
    return _Sent(body, response, output, losses)


def _judge(
    probe: Probe,
    silence: Silence,
    present: _Sent,
    absent: _Sent,
    of_source: Callable[[str], Declared | None],
    of_canonical: Callable[[str], Declared | None],
) -> Outcome:
    if present.refused is not None:
        return Outcome(probe, "rejected", why=present.refused)
    told = _told(present, absent)
    changed = list(differences(present.output, absent.output)) if absent.refused is None else _arrived(present, absent)
    if changed:
        to = tuple(dict.fromkeys(general(place) for place in changed))
        if all(sealed(value_at(present.output, place)) for place in changed):
            return Outcome(probe, "carried", to)
        worst = next((loss for loss in told if loss.severity == "warn"), None)
        return Outcome(probe, "mapped", to) if worst is None else Outcome(probe, "approximated", to, worst.reason)
    if told:
        worst = max(told, key=lambda loss: loss.severity == "warn")
        return _left(probe, worst.severity, worst.reason)
    places = _changes(present.canonical, absent.canonical)
    names = [canonical(place, present.canonical, absent.canonical) for place in places]
    said = _unanimous(names, of_canonical) or _source_said(present, absent, of_source)
    if said is not None:
        return _left(probe, said.severity, said.why)
    if places:
        return _unseen(probe, silence, present, places, names)
    return Outcome(probe, "unlisted", why="it is read, and changes nothing")


def _arrived(present: _Sent, absent: _Sent) -> list[Place]:
    """Give where in the target's body texts of the probe stand, for when there is no other body to compare it with."""
    own = _texts(present.body, differences(present.body, absent.body))
    own &= _texts(present.canonical, differences(present.canonical, absent.canonical))
    found = ((place, str(value_at(present.output, place))) for place in leaves(present.output))
    return [place for place, text in found if any(each in text for each in own if each)]


def _texts(document: Any, places: Iterable[Place]) -> set[str]:
    values = (value_at(document, leaf) for place in places for leaf in leaves(value_at(document, place), place))
    return {value for value in values if isinstance(value, str)}


def _left(probe: Probe, severity: str, why: str) -> Outcome:
    if severity == "warn":
        return Outcome(probe, "warned", why=why)
    said = why not in ("", CANNOT, REFUSED)
    return Outcome(probe, "dropped", why=why) if said else Outcome(probe, "unlisted", why="dropped without a reason")


def _unseen(probe: Probe, silence: Silence, present: _Sent, places: list[Place], names: list[str]) -> Outcome:
    """Judge what reached the canonical form and no further, without a word."""
    if all(sealed(value_at(present.canonical, place)) for place in places):
        return Outcome(probe, "carried", why="only its own family can read it")
    values = [value_at(present.canonical, place) for place in places]
    if all(_harmless(silence, name, value) for name, value in zip(names, values, strict=True)):
        return Outcome(probe, "defaulted", why="it says what holds anyway")
    if all(name in silence.quiet for name in names):
        return Outcome(probe, "carried", why="the gateway keeps it to shape the answer, or to link its parts")
    return Outcome(probe, "unlisted", why=f"{', '.join(dict.fromkeys(names))}: not written, and nothing was said")


def _harmless(silence: Silence, name: str, value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value) and all(_harmless(silence, f"{name}.{member}", inner) for member, inner in value.items())
    known = silence.harmless.get(name, ())
    return value in known or any(isinstance(each, list) and value in each for each in known)


def _told(present: _Sent, absent: _Sent) -> list[Loss]:
    """Give what was said only of the message with the field or, if that is nothing, of what holds the field."""
    before = [(loss.general, loss.severity, loss.reason) for loss in absent.losses]
    new = []
    for loss in present.losses:
        key = (loss.general, loss.severity, loss.reason)
        if key in before:
            before.remove(key)
        else:
            new.append(loss)
    return new or _holders(present, absent)


def _changes(present: Any, absent: Any) -> list[Place]:
    """Give the places that differ between two canonical documents, down to their leaves."""
    found = differences(present, absent)
    return [leaf for place in found for leaf in leaves(value_at(present, place) or value_at(absent, place), place)]


def _holders(present: _Sent, absent: _Sent) -> list[Loss]:
    inside = _changes(present.canonical, absent.canonical)
    names = [canonical(place, present.canonical, absent.canonical) for place in inside]
    places = [written(place) for place in (*differences(present.body, absent.body), *inside)]
    return [
        loss
        for loss in present.losses
        if any(_under(place, loss.path) for place in places) or any(_under(name, loss.general) for name in names)
    ]


def _under(place: str, above: str) -> bool:
    return place == above or place.startswith((f"{above}.", f"{above}["))


def _unanimous(names: list[str], declared: Callable[[str], Declared | None]) -> Declared | None:
    """Give what is declared of all of these places, if something is declared of each."""
    found = [declared(name) for name in names]
    return found[0] if found and all(found) else None


def _source_said(present: _Sent, absent: _Sent, declared: Callable[[str], Declared | None]) -> Declared | None:
    """Give what the source declares of the places in which the bodies differ: only a drop needs no more words."""
    places = [general(place).replace("[]", "") for place in differences(present.body, absent.body)]
    said = _unanimous(places, declared)
    return said if said is not None and said.severity == "drop" else None
