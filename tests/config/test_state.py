"""What an endpoint says of kept answers must fit what it is asked for, and the files of its protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.test_references import check

STATE = "{keep: =body.keep, previous: =body.after, prefix: a_}"


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("operation: stored.cancel", "missing-key"),
        ("operation: stored.cancel, answer: path.id", "expression-required"),
        ("operation: stored.delete, answer: =path.id", "missing-transform"),
        ("operation: stored.inputs, answer: =path.id", "missing-transform"),
        ("operation: conversation", "missing-key"),
        ("operation: conversation.entry, conversation: =path.id", "missing-key"),
        ("operation: conversation.create", "missing-key"),
        ("operation: conversation.create, prefix: a b", "bad-pattern"),
        ("operation: conversation, conversation: =path.id", "missing-transform"),
        (f"operation: models, state: {STATE}", "bad-value"),
        ("operation: models, state: {keep: =body.keep}", "missing-key"),
        (f"operation: models, state: {STATE.replace('a_', '{{ a }}')}", "yaml-unquoted-template"),
        (f"operation: models, state: {STATE.replace('a_', 'a b')}", "bad-pattern"),
    ],
)
def test_a_mistake_about_kept_answers_is_told(tmp_path: Path, new: str, code: str) -> None:
    assert code in [found for found, _ in check(tmp_path, "operation: models", new)]


def test_an_endpoint_about_a_kept_answer_needs_no_model(tmp_path: Path) -> None:
    assert check(tmp_path, "operation: models", "operation: stored.cancel, answer: =path.id") == []
