"""Clients that leave in moments which only their upstreams' failures make."""

from __future__ import annotations

import asyncio

import pytest

from tests.faults.clients import VOICES, Voice
from tests.faults.scenery import PATIENCE, short, staged
from tests.support.client import RawClient

UNWILLING = {"answer": {"status": 503, "body": ""}}


@pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.name)
async def test_who_leaves_while_another_attempt_is_waited_for_gets_none(voice: Voice) -> None:
    model = f"patient-alone-{short(voice)}-openai-chat"
    async with asyncio.timeout(PATIENCE), staged(VOICES) as stage:
        stage.steps[0] = [UNWILLING]
        async with RawClient(stage.gateway.port) as wire:
            await wire.request("POST", voice.path(model), voice.ask(model))
            while not (
                stage.exchanges and any(attempt.status for attempt in next(iter(stage.exchanges.values())).tries)
            ):
                await asyncio.sleep(0.005)
        await stage.gateway.site.gateway.quiet.wait()
    [exchange] = stage.exchanges.values()
    assert (exchange.outcome, len(exchange.tries), len(stage.first.seen)) == ("client_closed", 1, 1)


@pytest.mark.parametrize("voice", [voice for voice in VOICES if voice.streams], ids=lambda voice: voice.name)
async def test_who_says_nothing_more_is_gone(voice: Voice) -> None:
    model = f"default-alone-{short(voice)}-openai-chat"
    async with asyncio.timeout(PATIENCE), staged(VOICES) as stage:
        stage.steps[0] = ["head", {"chunk": "<opening><text>"}, "hold"]
        async with RawClient(stage.gateway.port) as wire:
            await wire.request("POST", voice.path(model), voice.ask(model))
            await wire.head()
            await wire.chunk()
            wire.writer.write_eof()
            await stage.first.seen[0].gone.wait()
            await stage.gateway.site.gateway.quiet.wait()
    [exchange] = stage.exchanges.values()
    assert exchange.outcome == "client_closed"
