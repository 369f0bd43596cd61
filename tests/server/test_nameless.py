"""Files that nobody can open by a name hold what was last written, whole."""

from __future__ import annotations

import os

import pytest
from torouter.server.nameless import nameless, read_whole, write_whole


@pytest.mark.parametrize("in_memory", [True, False])
def test_what_is_written_is_all_that_is_read_as_often_as_one_likes(in_memory: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not in_memory:  # as on systems that have no such files
        monkeypatch.delattr(os, "memfd_create", raising=False)
    descriptor = nameless()
    assert read_whole(descriptor) == b""
    for data in (b"long" * 100_000, b"short", b""):
        write_whole(descriptor, data)
        assert [read_whole(descriptor), read_whole(descriptor)] == [data, data]
    assert not os.get_inheritable(descriptor)
    os.close(descriptor)
