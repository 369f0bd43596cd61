"""`torouter keys`: a key is shown once, kept as its hash, replaced and ended by its name."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from torouter.cli import main
from torouter.config import load as load_module
from torouter.pipeline.credential import digest
from torouter.store import StoredKey, open_store

pytestmark = pytest.mark.usefixtures("held")

FILE = """
groups:
  default: {models: ["*"], providers: ["*"]}
  team: {models: ["*"], providers: ["*"]}
keys:
  written: {group: team, hash: "sha256:%s", expires: "2020-01-01"}
""" % ("0" * 64)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(load_module, "builtin_sources", lambda _: [])
    (tmp_path / "a.yaml").write_text(FILE)
    return tmp_path


def keys(folder: Path, *arguments: str) -> Result:
    command, *rest = arguments
    return CliRunner().invoke(main, ["keys", command, *rest[:1], str(folder), *rest[1:]])


def kept(folder: Path) -> list[StoredKey]:
    store = open_store(folder / ".torouter")
    try:
        return list(store.list_keys())
    finally:
        store.close()


def test_a_new_key_is_printed_alone_and_kept_as_its_hash(folder: Path) -> None:
    made = keys(folder, "create", "ci", "--group", "team")
    text = made.stdout.strip()
    [key] = kept(folder)
    assert made.exit_code == 0
    assert (key.name, key.group, key.digest, key.expires) == ("ci", "team", digest(text), None)
    assert text.startswith(key.hint.rstrip("…"))
    assert text.encode() not in (folder / ".torouter" / "store.sqlite").read_bytes()
    assert "until it is revoked" in made.stderr


@pytest.mark.parametrize(("said", "days"), [("90d", 90), ("2h", 1 / 12)])
def test_a_key_may_end_after_a_while(folder: Path, said: str, days: float) -> None:
    assert keys(folder, "create", "ci", "--expires", said).exit_code == 0
    [key] = kept(folder)
    assert key.expires is not None
    assert key.expires - key.created == pytest.approx(days * 86400, abs=60)


def test_a_key_may_end_at_a_date(folder: Path) -> None:
    keys(folder, "create", "ci", "--expires", "2999-01-31")
    assert kept(folder)[0].expires == datetime(2999, 1, 31, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["create", "ci", "--group", "taem"], "There is no group taem. Did you mean team?"),
        (["create", "ci", "--group", "zzz"], "There is no group zzz. There are: default, team."),
        (["create", "ci", "--expires", "soon"], "'soon' is neither a date such as 2027-01-31 nor a duration such as 90d."),
        (["create", "ci", "--expires", "2020-01-31"], "2020-01-31 is over."),
        (["create", "written"], "a.yaml:6; choose another name."),
        (["rotate", "nobody"], "There is no valid key nobody in the store."),
        (["rotate", "nobody", "--overlap", "long"], "'long' is no number with one of the units"),
        (["revoke", "nobody"], "There is no valid key nobody in the store."),
    ],
)
def test_what_cannot_be_done_is_said(folder: Path, arguments: list[str], message: str) -> None:
    refused = keys(folder, *arguments)
    assert refused.exit_code != 0
    assert message in refused.stderr


def test_a_name_that_is_taken_is_not_taken_over(folder: Path) -> None:
    keys(folder, "create", "ci")
    again = keys(folder, "create", "ci")
    assert again.exit_code == 1
    assert f"`torouter keys rotate ci {folder}` replaces it" in again.stderr
    assert len(kept(folder)) == 1


def test_after_a_rotation_both_work_for_a_while(folder: Path) -> None:
    keys(folder, "create", "ci", "--group", "team")
    rotated = keys(folder, "rotate", "ci", "--overlap", "10m")
    old, new = kept(folder)
    assert old.expires == pytest.approx(time.time() + 600, abs=60)
    assert (new.expires, new.group, new.digest) == (None, "team", digest(rotated.stdout.strip()))


def test_a_rotated_key_ends_when_the_old_one_would_have_unless_said(folder: Path) -> None:
    keys(folder, "create", "ci", "--expires", "2999-01-31")
    keys(folder, "rotate", "ci")
    assert kept(folder)[-1].expires == datetime(2999, 1, 31, tzinfo=UTC).timestamp()
    keys(folder, "rotate", "ci", "--expires", "2999-02-28")
    assert kept(folder)[-1].expires == datetime(2999, 2, 28, tzinfo=UTC).timestamp()


def test_a_revoked_key_is_over_and_its_name_is_free(folder: Path) -> None:
    keys(folder, "create", "ci")
    assert keys(folder, "revoke", "ci").exit_code == 0
    assert not kept(folder)[0].valid(time.time())
    assert "Did you mean" not in keys(folder, "revoke", "ci").stderr
    assert keys(folder, "create", "ci").exit_code == 0


def test_a_misspelt_name_is_put_right(folder: Path) -> None:
    keys(folder, "create", "laptop")
    assert "Did you mean laptop?" in keys(folder, "revoke", "labtop").stderr


def test_keys_of_the_store_and_of_the_files_are_listed(folder: Path) -> None:
    text = keys(folder, "create", "ci").stdout.strip()
    listed = CliRunner().invoke(main, ["keys", "list", str(folder), "--format", "json"])
    rows = json.loads(listed.stdout)
    assert [(row["name"], row["group"], row["state"]) for row in rows] == [("ci", "default", "valid"), ("written", "team", "ended")]
    assert rows[1]["kept"].endswith("a.yaml:6")
    table = CliRunner().invoke(main, ["keys", "list", str(folder)]).stdout
    assert table.splitlines()[0].split() == ["name", "group", "key", "created", "expires", "state", "kept"]
    assert text not in table + listed.stdout


def test_without_keys_the_list_says_how_to_make_one(folder: Path) -> None:
    (folder / "a.yaml").write_text("groups: {default: {models: ['*'], providers: ['*']}}")
    assert f"torouter keys create NAME {folder}" in CliRunner().invoke(main, ["keys", "list", str(folder)]).stdout
