"""What of a body no rule reads."""

from __future__ import annotations

from typing import Any

import pytest
from torouter.protocol.unread import read_tree, unread

from ..language.support import compile_text

BLOCKS = """
    make:
      blocks:
        $each: =body.blocks
        $as: block
        $switch: =block.type
        $case:
          text:
            text: {text}
        $else:
          native: {native}
"""


def left(mapping: str, body: Any) -> list[str]:
    """Give the places of a body that a mapping does not read."""
    compiled, diagnostics = compile_text(mapping)
    assert not diagnostics.items, [item.message for item in diagnostics.items]
    tree = read_tree(compiled, "body")
    assert tree is not None
    return unread(body, tree, compiled.run({"body": body}))


def blocks(*items: Any, text: str = "=block.text", native: str = "=block") -> list[str]:
    return left(BLOCKS.replace("{text}", text).replace("{native}", native), {"blocks": list(items)})


def test_an_unknown_member_of_a_known_block_is_unread_although_unknown_blocks_are_handed_on() -> None:
    assert blocks({"type": "text", "text": "a", "new": 1}) == ["blocks[0].new"]


def test_what_is_handed_on_is_read_with_all_that_is_below_it() -> None:
    assert blocks({"type": "shape", "sides": 3, "of": {"colour": "red"}}) == []


MERGED = """
            $merge:
              - =block
              - own: true
"""


@pytest.mark.parametrize("native", ["\"=omit(block, 'type')\"", MERGED])
def test_a_copy_hands_on_the_members_it_has(native: str) -> None:
    assert blocks({"type": "shape", "sides": 3, "of": {"colour": "red"}}, native=native) == []


def test_reading_a_text_does_not_read_an_object_in_its_place() -> None:
    text = "=not_null(block.text.text, text_only(block.text))"
    assert blocks({"type": "text", "text": {"text": "a", "new": "b"}}, text=text) == ["blocks[0].text.new"]


def test_reading_the_texts_of_a_list_does_not_read_what_else_its_items_say() -> None:
    item = {"text": "a", "new": "b"}
    assert blocks({"type": "text", "text": [item]}, text="\"=text_of(block.text, '')\"") == ["blocks[0].text[0].new"]


def test_a_function_of_a_whole_value_reads_all_of_it() -> None:
    assert blocks({"type": "text", "text": {"a": {"b": 1}}}, text="=json_text(block.text)") == []


def test_picked_members_are_read_and_others_are_not() -> None:
    told = blocks({"type": "text", "text": {"a": 1, "b": 2}}, text="\"=pick(block.text, 'a')\"")
    assert told == ["blocks[0].text.b"]


def test_a_null_says_nothing_and_is_not_told() -> None:
    assert blocks({"type": "text", "text": "a", "new": None}) == []
