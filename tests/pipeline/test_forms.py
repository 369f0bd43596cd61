"""A form on its way: nothing of it changes but the model's name, little of it is in memory, and all of it is let go."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings, strategies as st
from torouter.pipeline import form as module
from torouter.pipeline.errors import Problem
from torouter.pipeline.form import Form, Keeping
from torouter.pipeline.spool import Budget, Spool

TYPE = "multipart/form-data; boundary=b"


def written(*parts: tuple[str, bytes]) -> bytes:
    """A form; a name that ends in `*` is that of a file."""
    heads = ((f'name="{name.rstrip("*")}"' + ('; filename="f"\r\nContent-Type: x/y' if "*" in name else ""), content) for name, content in parts)
    return b"".join(b"--b\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n" % (head.encode(), content) for head, content in heads) + b"--b--\r\n"


async def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def opened(body: bytes, size: int = 7, keeping: Keeping | None = None) -> Form:
    return Form(TYPE, len(body), pieces(body, size), "model", keeping or Keeping())


ORDERS = st.permutations([("model", b"small-1"), ("say", b"hi"), ("file*", b"\r\n--\x00" * 9), ("empty", b"")])


@given(ORDERS, st.integers(1, 300), st.sampled_from([None, b"tiny", b"a-much-longer-name"]))
@settings(max_examples=60)
async def test_only_the_name_changes_wherever_it_stands_and_the_length_is_right(parts: list[tuple[str, bytes]], size: int, name: bytes | None) -> None:
    form = opened(written(*parts), size)
    await form.find_model()
    assert form.model == b"small-1"
    form.sent_model = name
    sent = b"".join([chunk async for chunk in form.chunks()])
    assert sent == written(*((field, name if field == "model" and name else content) for field, content in parts))
    assert form.length == len(sent)
    assert form.fields == {"model": "small-1", "say": "hi", "empty": ""}
    form.close()


async def test_what_was_kept_can_be_sent_again_until_something_passes() -> None:
    body = written(("file*", b"x" * 200_000), ("model", b"m"), ("later*", b"y" * 200_000))
    form = opened(body, 50_000)
    await form.find_model()
    first = await anext(form.chunks())
    assert not form.spent
    sent = b"".join([chunk async for chunk in form.chunks()])
    assert sent.startswith(first)
    assert (sent, form.spent) == (body, True)
    form.close()


async def test_a_document_holds_texts_and_files_and_lists_of_what_is_repeated() -> None:
    form = opened(written(("model", b"m"), ("image[]*", b"one"), ("image[]*", b"two"), ("say", b"\xc3\xa9")))
    await form.find_model()
    files = [{"data": base64.b64encode(it).decode(), "media_type": "x/y", "name": "f"} for it in (b"one", b"two")]
    assert await form.document() == {"model": "m", "image[]": files, "say": "é"}
    assert (form.whole, form.spent) == (True, False)
    form.close()


async def test_a_form_that_is_too_large_for_a_document_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DOCUMENT", 100)
    form = opened(written(("model", b"m"), ("file*", b"x" * 200)))
    await form.find_model()
    with pytest.raises(Problem) as refused:
        await form.document()
    assert (refused.value.error["status"], refused.value.error["code"]) == (413, "form_too_large")
    form.close()


async def test_a_worker_keeps_no_more_than_it_may_and_gives_back_what_it_kept() -> None:
    keeping = Keeping()
    keeping.disk = Budget(100_000)
    body = written(("file*", b"x" * 90_000), ("model", b"m"))
    first = opened(body, 70_000, keeping)
    await first.find_model()
    second = opened(body, 70_000, keeping)
    with pytest.raises(Problem) as refused:
        await second.find_model()
    assert refused.value.error["status"] == 503
    first.close()
    second.close()
    third = opened(body, 70_000, keeping)
    await third.find_model()
    third.close()


async def test_documents_of_all_requests_together_are_bounded() -> None:
    keeping = Keeping()
    keeping.memory = Budget(300)
    body = written(("model", b"m"), ("file*", b"x" * 100))
    first, second = opened(body, 7, keeping), opened(body, 7, keeping)
    for form in (first, second):
        await form.find_model()
    await first.document()
    with pytest.raises(Problem, match="too many large forms"):
        await second.document()
    first.close()
    await opened(body, 7, keeping).document()


@pytest.mark.parametrize("size", [1, 64 * 1024, 64 * 1024 + 1, 300_000])
async def test_what_is_spooled_is_read_as_it_was_written(size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    spool = Spool(Budget(10**6))
    for start in range(0, len(data), 10_000):
        await spool.write(data[start : start + 10_000])
    for start, end in ((0, len(data)), (size // 2, size), (len(data) - 5, len(data))):
        assert b"".join([block async for block in spool.read(start, end)]) == data[start:end]
    spool.close()
