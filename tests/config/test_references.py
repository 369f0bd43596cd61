"""Names that refer to something, and values that have the right form and still cannot work."""

from pathlib import Path

import pytest
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics

GOOD = """
auth:
  any: [{header: x-key}]
surfaces:
  main: {protocol: made, default: true}
endpoints:
  list: {match: GET /things, protocol: made, operation: models, auth: any, surface: main}
providers:
  one: {kind: sandbox}
policies:
  calm: {idle: 1m}
models:
  small: {targets: [{provider: one}], aliases: [fast]}
  large: {targets: [{provider: one}]}
groups:
  all: {models: [fast, "s*"], providers: [one]}
"""


def check(tmp_path: Path, old: str, new: str) -> list[tuple[str, str | None]]:
    """What is said about the good file after one replacement."""
    folder = tmp_path / "transforms" / "made"
    folder.mkdir(parents=True)
    (folder / "protocol.yaml").write_text("protocol: made")
    (folder / "models.encode.yaml").write_text("list: []")
    (folder / "error.encode.yaml").write_text("status: 500\nmake: {}")
    assert old in GOOD
    (tmp_path / "a.yaml").write_text(GOOD.replace(old, new))
    diagnostics = Diagnostics()
    load_project(tmp_path, diagnostics, builtin=False)
    return [(item.code, item.help) for item in diagnostics.sorted()]


def test_a_file_whose_names_are_all_defined_is_clean(tmp_path: Path) -> None:
    assert check(tmp_path, "", "") == []


@pytest.mark.parametrize(
    ("old", "new", "meant"),
    [
        ("auth: any", "auth: ani", "any"),
        ("surface: main", "surface: mane", "main"),
        ("main: {protocol: made", "main: {protocol: mad", "made"),
        ("GET /things, protocol: made", "GET /things, protocol: mode", "made"),
        ("provider: one}], aliases", "provider: onn}], aliases", "one"),
        ("models: [fast", "models: [fats", "fast"),
        ("providers: [one]", "providers: [oen]", "one"),
        ("large: {", "large: {fallback: [smal], ", "small"),
        ("large: {", "large: {fallback: [{model: smal, on: [context_length]}], ", "small"),
        ("large: {", "large: {policy: clam, ", "calm"),
        ("{kind: sandbox}", "{kind: sandbox, policy: clam}", "calm"),
    ],
)
def test_a_name_that_is_not_defined_is_told_with_the_one_that_was_meant(
    old: str, new: str, meant: str, tmp_path: Path
) -> None:
    assert check(tmp_path, old, new) == [("unknown-reference", f'did you mean "{meant}"?')]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("default: true", "default: false", "missing-key"),
        ("main: {protocol", "other: {protocol: made, default: true}\n  main: {protocol", "bad-value"),
        ("operation: models", "operation: model", "missing-key"),
        ("operation: models", "operation: refuse", "missing-key"),
        ("GET /things,", "'GET /{a}/{a}',", "bad-pattern"),
        ("GET /things,", "'GET /{a-b}',", "bad-pattern"),
        ("{kind: sandbox}", "{kind: sandbox, base_url: http://localhost:1}", "bad-url"),
        ("{kind: sandbox}", "{kind: sandbox, base_url: 'http://[::1'}", "bad-url"),
        ("{kind: sandbox}", "{kind: sandbox, headers: {Authorization: x}}", "bad-header"),
        ("{kind: sandbox}", "{kind: sandbox, timeouts: {connect: 2m, total: 1m}}", "inconsistent-timers"),
        ("aliases: [fast]", "aliases: [fast, small]", "alias-collision"),
        ("operation: models", "operation: count, model: =body.m", "missing-transform"),
        ("large: {", "large: {fallback: [large], ", "bad-value"),
        ("aliases: [fast]", "aliases: [fast], fallback: [{model: fast}]", "bad-value"),
        ("calm: {idle: 1m}", "calm: {idle: 1m, outcomes: {conect: next}}", "bad-value"),
        ("calm: {idle: 1m}", "calm: {idle: 1m, outcomes: {connect: nxt}}", "bad-value"),
        ("calm: {idle: 1m}", "calm: {idle: 1m, outcomes: {connect: {cool: 1s}}}", "missing-key"),
        ("calm: {idle: 1m}", "calm: {idle: 1m, retry_budget: 0.2}", "wrong-type"),
    ],
)
def test_what_cannot_work_is_refused(old: str, new: str, code: str, tmp_path: Path) -> None:
    assert [found for found, _ in check(tmp_path, old, new)] == [code]


@pytest.mark.parametrize(
    ("old", "new", "help"),
    [
        ("{idle: 1m}", "{outcomes: {conect: next}}", 'did you mean "connect"?'),
        ("{idle: 1m}", "{outcomes: {rate-limit: next}}", 'did you mean "rate_limit"?'),
        ("{idle: 1m}", "{outcomes: {connect: nxt}}", 'did you mean "next"?'),
        ("{idle: 1m}", "{outcomes: {connect: {then: giveup}}}", 'did you mean "give_up"?'),
        ("{idle: 1m}", "{outcomes: {connect: {then: next, col: 1s}}}", 'did you mean "cool"?'),
        ("{idle: 1m}", "{outcomes: {connect: {then: next, cool: 5}}}", 'did you mean "5s"?'),
        ("{idle: 1m}", "{all_cool: tri}", 'did you mean "try"?'),
        ("large: {", "large: {fallback: [{modl: small}], ", 'did you mean "model"?'),
        ("large: {", "large: {fallback: [{model: small, on: [context_lenght]}], ", 'did you mean "context_length"?'),
    ],
)
def test_a_word_of_a_policy_that_is_misspelt_is_told_with_the_one_that_was_meant(
    old: str, new: str, help: str, tmp_path: Path
) -> None:
    assert help in [said for _, said in check(tmp_path, old, new)]


def test_a_group_may_name_one_of_the_many_that_a_model_with_a_star_stands_for(tmp_path: Path) -> None:
    models = "'big-*': {targets: [{provider: one}]}\ngroups:\n  some: {models: [big-one, 'big-t*'], providers: ['*']}"
    assert check(tmp_path, "groups:", f"  {models}") == []


def test_a_private_address_may_be_allowed(tmp_path: Path) -> None:
    provider = "{kind: sandbox, base_url: http://127.0.0.1:8000, allow_private: true}"
    assert check(tmp_path, "{kind: sandbox}", provider) == []


def test_a_folder_with_another_name_than_its_protocol_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "transforms" / "made"
    folder.mkdir(parents=True)
    (folder / "protocol.yaml").write_text("protocol: other")
    diagnostics = Diagnostics()
    load_project(tmp_path, diagnostics, builtin=False)
    assert [item.code for item in diagnostics.items] == ["bad-value"]
