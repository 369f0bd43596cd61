"""A worker process begins with the package that it belongs to."""

from __future__ import annotations

import subprocess
from pathlib import Path

from torouter.server.boot import Worker


def test_a_folder_named_like_the_package_where_it_starts_is_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "torouter").mkdir()
    (tmp_path / "torouter" / "__init__.py").write_text("raise SystemExit('the wrong package')\n")
    command = Worker((), None, tmp_path, None, "", None).command()
    done = subprocess.run([*command, "--help"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--socket" in done.stdout
