"""The snapshot: what a group may call, and which targets answer, in which order."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from torouter.compile import InvalidConfiguration, Snapshot, load_snapshot

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
groups:
  some:
    models: [both]
    providers: ["*"]
  few:
    models: ["*"]
    providers: [other]
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
