"""The snapshot: what a group may call, and which targets answer, in which order."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from torouter.compile import InvalidConfiguration, Snapshot, load_snapshot

pytestmark = pytest.mark.usefixtures("held")

PROVIDERS = """
providers:
  real:
    base_url: https://real.example
    auth: {bearer: env:REAL_KEY}
    speaks:
      openai-chat: {path: "/{{ target.model | segment }}"}
  other:
    base_url: https://other.example
    auth: none
    speaks:
      openai-chat: {path: /chat}
models:
  both:
    targets:
      - {provider: real, model: upstream/name}
      - {provider: sandbox}
    aliases: [nick]
  any-*:
    targets:
      - {provider: other}
  tail/*:
    owned_by: maker
    targets:
      - {provider: other, model: "head-*"}
variants:
  deep:
    suffix: -deep
    set: {reasoning: {effort: high}}
  very:
    suffix: -very-deep
    models: [both]
    set: {reasoning: {effort: max}}
  short:
    suffix: -short
    set: {max_output: 5, reasoning: {visible: false}}
groups:
  some:
    models: [both]
    providers: ["*"]
  few:
    models: ["*"]
    providers: [other]
  renaming:
    models: [any-thing]
    providers: ["*"]
    aliases: {mine: both, clever: both-deep}
"""


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    monkeypatch.setenv("REAL_KEY", "secret-value")
    return _load(tmp_path)


def _load(folder: Path, text: str = PROVIDERS) -> Snapshot:
    (folder / "user.yaml").write_text(dedent(text))
    return load_snapshot(folder)


def test_a_scripted_answer_never_stands_in_for_a_configured_provider(snapshot: Snapshot) -> None:
    assert [target.provider.id for target in snapshot.resolve("both", "some")] == ["real"]


def test_a_provider_without_its_secret_is_passed_over_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REAL_KEY", raising=False)
    snapshot = _load(tmp_path)
    assert [target.provider.id for target in snapshot.resolve("both", "some")] == ["sandbox"]
    assert snapshot.providers["real"].problem == "its secret env:REAL_KEY is not set"


def test_a_model_without_any_usable_provider_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REAL_KEY", raising=False)
    snapshot = _load(tmp_path, PROVIDERS.replace("      - {provider: sandbox}\n", ""))
    assert snapshot.resolve("both", "some") == ()
    assert snapshot.why_unusable("both", "some") == "real is not configured"
    assert snapshot.why_unusable("none", "some") is None


def test_an_alias_is_the_model_it_names(snapshot: Snapshot) -> None:
    assert snapshot.resolve("nick", "some") == snapshot.resolve("both", "some")


def test_a_name_that_fits_a_pattern_goes_upstream_as_it_is(snapshot: Snapshot) -> None:
    assert [target.model for target in snapshot.resolve("any-thing", "few")] == ["any-thing"]


@pytest.mark.parametrize(("model", "group"), [("any-thing", "some"), ("both", "few"), ("none", "few"), ("both", "?")])
def test_what_a_group_may_not_use_has_no_targets(snapshot: Snapshot, model: str, group: str) -> None:
    assert snapshot.resolve(model, group) == ()


def test_the_list_of_models_holds_names_and_aliases_that_can_be_called(snapshot: Snapshot) -> None:
    assert [model["id"] for model in snapshot.models_of("some")] == ["both", "nick"]


def test_a_star_upstream_is_what_the_name_holds_in_its_place(snapshot: Snapshot) -> None:
    assert [target.model for target in snapshot.resolve("tail/x/y", "few")] == ["head-x/y"]


def test_a_variant_is_the_model_with_something_set(snapshot: Snapshot) -> None:
    (target,) = snapshot.resolve("both-deep", "some")
    assert (target.model, target.patch) == ("upstream/name", {"reasoning": {"effort": "high"}})
    assert [target.patch for target in snapshot.resolve("both", "some")] == [{}]


def test_the_longest_suffix_decides_and_suffixes_add_up(snapshot: Snapshot) -> None:
    (very,) = snapshot.resolve("both-very-deep", "some")
    assert very.patch == {"reasoning": {"effort": "max"}}
    (both,) = snapshot.resolve("both-deep-short", "some")
    assert both.patch == {"max_output": 5, "reasoning": {"effort": "high", "visible": False}}


def test_a_variant_is_about_the_models_it_names(snapshot: Snapshot) -> None:
    (target,) = snapshot.resolve("any-very-deep", "few")
    assert (target.model, target.patch) == ("any-very", {"reasoning": {"effort": "high"}})


def test_a_model_of_one_provider_can_be_asked_for(snapshot: Snapshot) -> None:
    assert [target.provider.id for target in snapshot.resolve("real/both", "some")] == ["real"]
    assert [target.model for target in snapshot.resolve("other/any-thing", "few")] == ["any-thing"]
    assert snapshot.resolve("other/both", "some") == ()
    assert snapshot.resolve("nobody/both", "some") == ()


def test_a_model_can_be_asked_for_by_its_owner(snapshot: Snapshot) -> None:
    assert [target.model for target in snapshot.resolve("maker/tail/x", "few")] == ["head-x"]


def test_a_prefix_and_a_suffix_open_nothing_that_the_group_may_not_use(snapshot: Snapshot) -> None:
    for name in ("other/any-thing", "any-thing-deep", "other/any-thing-deep"):
        assert snapshot.resolve(name, "some") == ()
        assert snapshot.resolve(name, "few") != ()


def test_a_group_has_names_of_its_own(snapshot: Snapshot) -> None:
    assert snapshot.resolve("mine", "renaming") == snapshot.resolve("both", "some")
    assert [target.patch for target in snapshot.resolve("clever", "renaming")] == [{"reasoning": {"effort": "high"}}]
    assert snapshot.resolve("mine", "some") == ()
    assert snapshot.resolve("both", "renaming") == ()
    assert [model["id"] for model in snapshot.models_of("renaming")] == ["mine", "clever"]


def test_what_can_be_called_is_known_by_the_name_it_was_asked_for(snapshot: Snapshot) -> None:
    known = snapshot.model_of("both-deep", "some")
    assert known is not None
    assert (known["id"], known["name"]) == ("both-deep", "both")
    assert snapshot.model_of("any-thing", "some") is None


def test_paths_and_credentials_are_made_from_the_target(snapshot: Snapshot) -> None:
    (target,) = snapshot.resolve("both", "some")
    service = target.provider.services["openai-chat"]
    assert service.path({"target": target.view}) == "/upstream%2Fname"
    assert {name.lower(): value() for name, value in target.provider.auth_headers.items()} == {
        "authorization": "Bearer secret-value"
    }


def test_a_secret_shows_in_no_representation(snapshot: Snapshot) -> None:
    assert "secret-value" not in repr(snapshot)
    assert "secret-value" not in repr(snapshot.providers["real"])


def test_mistakes_keep_a_configuration_from_being_served(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        _load(tmp_path, PROVIDERS.replace("target.model", "traget.model"))
    assert [item.code for item in caught.value.diagnostics.items if item.severity == "error"] == ["unknown-root"]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("{effort: high}}", "{efort: high}}"), '"efort" has no meaning here; did you mean "effort"?'),
        (("{effort: high}}", "{effort: hihg}}"), '"hihg" is not one of '),
        (("{effort: high}}", "{effort: hihg}}"), 'did you mean "high"?'),
        (("{max_output: 5,", "{max_output: many,"), "expected a whole number, found text"),
    ],
)
def test_a_variant_sets_what_a_request_has(tmp_path: Path, edit: tuple[str, str], message: str) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        _load(tmp_path, PROVIDERS.replace(*edit))
    [error] = [item for item in caught.value.diagnostics.items if item.severity == "error"]
    assert error.code == "bad-value"
    assert message in error.message
    assert error.span is not None
    assert error.span.file.endswith("user.yaml")


def test_a_star_upstream_needs_a_star_in_the_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        _load(tmp_path, PROVIDERS.replace("model: upstream/name", 'model: "upstream/*"'))
    [error] = [item for item in caught.value.diagnostics.items if item.severity == "error"]
    assert '"both" does not hold it once' in error.message


def test_an_endpoint_may_have_several_addresses(tmp_path: Path) -> None:
    text = """
    endpoints:
      talk:
        match: [POST /a/talk, "POST /b/{model:path}:talk"]
        protocol: openai-chat
        operation: generate
        model: =body.model
        auth: any-header
    """
    snapshot = _load(tmp_path, text)
    found = [(each.method, each.pattern) for each in snapshot.endpoints if each.id == "talk"]
    assert found == [("POST", "/a/talk"), ("POST", "/b/{model:path}:talk")]


def test_a_template_that_reads_what_no_target_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        _load(tmp_path, PROVIDERS.replace("target.model |", "target.modle |"))
    [error] = [item for item in caught.value.diagnostics.items if item.severity == "error"]
    assert (error.code, error.message) == ("unknown-path", '`target` has no `modle`; did you mean "model"?')
