"""Forms that mean harm are refused in the caller's words, a file's name is never a path, and nothing of them is sent on."""

from __future__ import annotations

import pytest

from tests.hostile.scenery import scenery
from tests.hostile.surfaces import SURFACES
from tests.hostile.table import cases
from tests.support.client import request

FORMS = cases("forms")


@pytest.mark.parametrize("case", FORMS.values(), ids=FORMS)
async def test_a_form_is_read_in_one_way_or_not_at_all(case) -> None:
    surface = SURFACES["openai-chat"]
    body = case.bytes_for(surface)
    kind = "multipart/form-data" if case.name == "no boundary" else f"multipart/form-data; boundary={'b' * 65_536 if case.name == 'an endless boundary' else 'b'}"
    async with scenery() as scene:
        head = request("POST", "/v1/images/edits", None, Content_Type=kind, Content_Length=str(len(body)))
        [answer], _ = await scene.exchange(head + body, 1)
        assert (answer.status,) == case.statuses, answer.body
        assert surface.shaped(answer.status, answer.json)
        assert scene.seen == []
