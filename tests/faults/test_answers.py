"""Whatever an upstream does, every client gets a good answer, or the error of its own protocol: never silence."""

from __future__ import annotations

import asyncio
import json
import logging

import orjson
import pytest
from torouter.upstream.transports import STANDARD

from tests.faults.clients import VOICES, Json, Told, Voice
from tests.faults.scenery import PATIENCE, SECRET, Stage, short, staged
from tests.faults.table import Fault, document, faults
from tests.faults.talks import TALKS, refusal
from tests.support.fake import KEY
from tests.support.scripted import Seen

TABLES = ("connections", "contents", "statuses", "volume")
OF_BYTES = {
    "a bomb", "a head of two thousand lines", "a header of a hundred thousand letters", "a length and a coding", "a thousand heads that are not final",
    "a switch of protocols that nobody asked for", "gzip that nobody asked for", "gzip that is cut", "status 204", "status 999", "two lengths",
}  # fmt: skip
"""What contents are about that depends on who reads them first."""
FAULTS = [
    pytest.param(fault, transport, id=f"{fault.name}, {fault.mode}, over {transport}")
    for table in TABLES
    for fault in faults(table)
    for transport in (STANDARD, "aiohttp")
    if transport == STANDARD or table in {"connections", "volume"} or fault.name in OF_BYTES
]
Case = tuple[Voice, str]
Found = tuple[tuple[str, ...], int, str, int, str | None, bool, bool]
"""The outcomes of its attempts; status, text, signs of a good end; the word of an error, whether it says more; whether it is whole."""

Wanted = list[Found]
"""Any of which is right."""

GOOD: Found = ("ok",), 200, "Hello", 1, None, False, True


@pytest.mark.parametrize("fault, transport", FAULTS)
async def test_a_fault_is_what_the_table_says_to_every_client(
    fault: Fault, transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        async with asyncio.timeout(PATIENCE), staged(VOICES, transport=transport) as stage:
            standing = asyncio.all_tasks()
            alone = await asked(stage, fault, "alone")
            pairs = await asked(stage, fault, "pair")
            assert stage.gateway.site.gateway.running == 0
            after = await settled(stage, fault, standing)
    differing(
        {case: found(said, stage) for case, said in alone.items()}, {case: expected(fault, *case) for case in alone}
    )
    differing(
        {case: found(said, stage) for case, said in pairs.items()},
        {case: expected_of_pair(fault, *case) for case in pairs},
    )
    differing({case: found(said, stage) for case, said in after.items()}, {case: [GOOD] for case in after})
    judge_told({**alone, **pairs}, stage, caplog)


async def asked(stage: Stage, fault: Fault, kind: str) -> dict[Case, Told]:
    """The same request of every client that asks in this mode, to every upstream, all at once."""
    stage.steps[0] = fault.does
    stage.forget()
    policy = "hasty" if fault.hasty else "default"
    cases = [
        (voice, to)
        for voice in VOICES
        for to in TALKS
        if voice.streams == (fault.mode == "stream") and to in (fault.on or TALKS)
    ]
    said = await asyncio.gather(*(stage.ask(voice, f"{policy}-{kind}-{short(voice)}-{to}") for voice, to in cases))
    return dict(zip(cases, said, strict=True))


async def settled(stage: Stage, fault: Fault, standing: set[asyncio.Task[object]]) -> dict[Case, Told]:
    """What good answers to the same requests look like, once nothing of the fault is left but pooled connections."""
    for seen in stage.first.seen:
        await done_with(seen)
    stage.steps[0] = None
    stage.forget()
    cases = [(voice, to) for voice in VOICES for to in TALKS if voice.streams == (fault.mode == "stream")]
    said = await asyncio.gather(*(stage.ask(voice, f"default-alone-{short(voice)}-{to}") for voice, to in cases))
    while [task for task in asyncio.all_tasks() - standing if "Upstream" not in repr(task)]:
        await asyncio.sleep(0.005)
    return dict(zip(cases, said, strict=True))


async def done_with(seen: Seen) -> None:
    """Wait until the script of a connection is over: an upstream that does not end by itself was left."""
    await seen.over.wait()


def word_of(error: Json) -> str | None:
    """The word by which a client's library knows an error."""
    detail = error["error"]
    return detail.get("status") or detail.get("type") or detail.get("code")


def found(said: Told, stage: Stage) -> Found:
    """What came of one request, in short."""
    [error] = said.errors or [{"error": {}}]
    detail = error["error"]
    exchange = stage.exchanges[said.headers["x-request-id"]]
    names = tuple(attempt.outcome for attempt in exchange.tries)
    return names, said.status, said.text, said.ends, word_of(error), bool(detail.get("message")), said.whole


def expected(fault: Fault, voice: Voice, to: str) -> Wanted:
    """What must come of it where there is nobody else to turn to."""
    if fault.good:
        return [GOOD]
    outcomes = [(outcome,) for outcome in fault.outcome.split()]
    late = fault.late and voice.streams
    status, text = (200, "Hello") if late else (0, "")
    words = [document("errors")[kind][voice.errors] for kind in fault.error.split()]
    if late and voice.protocol == "openai-responses":
        words = [[200, document("errors")["code in a response"][kind]] for kind in fault.error.split()]
    if fault.refuses:
        words += [[fault.refuses, word] for _, word in words]
    if fault.refuses and voice.protocol == to:
        words = [[fault.refuses, word_of(json.loads(refusal(TALKS[to], fault.refuses)))]]
    ends = 1 if fault.heard and (voice.protocol, voice.name) == (to, f"{voice.name.partition(',')[0]}, events") else 0
    return [(names, status or said, text, ends, word, True, True) for names in outcomes for said, word in words]


def expected_of_pair(fault: Fault, voice: Voice, to: str) -> Wanted:
    """What must come of it where another target would answer: it is asked if the row says so, but never after text."""
    if fault.good or fault.late or not fault.next:
        return expected(fault, voice, to)
    return [((outcome, "ok"), *GOOD[1:]) for outcome in fault.outcome.split()]


def differing(came: dict[Case, Found], wanted: dict[Case, Wanted]) -> None:
    """Compare, and show only what differs."""
    wrong = [
        f"{voice.name}, from {to}: {found}, not {wanted[voice, to]}"
        for (voice, to), found in came.items()
        if found not in wanted[voice, to]
    ]
    assert not wrong, "\n".join(wrong)


def judge_told(cases: dict[Case, Told], stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Every request is told once, under the id that the client got; nothing that is not the client's is told to it."""
    lines = [orjson.loads(record.getMessage()) for record in caplog.records if record.name == "torouter.access"]
    assert sorted(line["id"] for line in lines) == sorted(stage.exchanges)
    heard = b"".join(said.body + str(said.headers).encode() for said in cases.values()).decode("latin-1")
    for hidden in (
        SECRET,
        KEY,
        "127.0.0.1",
        str(stage.first.port),
        "Traceback",
        "ill-",
        "/openai-chat",
        ".py",
        ".yaml",
    ):
        assert hidden not in heard
    assert not any(secret in caplog.text for secret in (SECRET, KEY))
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
