"""One gateway before all strict upstreams, for the conversations."""

from __future__ import annotations

import hashlib
from pathlib import Path

from torouter.compile import Snapshot, compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_terminal

from tests.e2e.agents import AGENTS
from tests.e2e.upstreams import UPSTREAMS
from tests.laws.folders import FOLDERS
from tests.support.fake import KEY
from tests.support.gateway import free_port

PROVIDER = """
  {name}:
    base_url: http://127.0.0.1:{port}
    allow_private: true
    speaks: {{{protocol}: {address}}}
"""
FACTS = """
  - match: theirs-{name}
    as_of: "2026-11-21"
    source: made up
    {facts}
"""
KEYS = """
groups:
  all: {{models: ["*"], providers: ["*"]}}
keys:
  tests: {{group: all, hash: "sha256:{hash}"}}
"""

Gateway = tuple[Snapshot, dict[str, int]]

clients = [name for name in AGENTS if name in FOLDERS]
upstreams = [name for name, upstream in UPSTREAMS.items() if upstream.protocol in FOLDERS]


def before_all(folder: Path) -> Gateway:
    """The built-in files with one provider for each strict upstream, and the port where each must listen."""
    ports = {name: free_port() for name in upstreams}
    strict = {name: UPSTREAMS[name] for name in upstreams}
    lines = ["providers:", *(PROVIDER.format(name=n, port=ports[n], protocol=u.protocol, address=u.address) for n, u in strict.items())]
    lines += ["models:", *(f"  {name}: {{targets: [{{provider: {name}, model: theirs-{name}}}]}}" for name in strict)]
    lines += [
        f"  {one}-then-{two}: {{targets: [{{provider: {one}, model: theirs-{one}}}, {{provider: {two}, model: theirs-{two}}}]}}"
        for one in strict for two in strict if one != two
    ]
    lines += ["capabilities:", *(FACTS.format(name=name, facts=upstream.facts) for name, upstream in strict.items())]
    (folder / "routes.yaml").write_text("\n".join([*lines, KEYS.format(hash=hashlib.sha256(KEY.encode()).hexdigest())]))
    found = Diagnostics()
    snapshot = compile_project(load_project(folder, found), found)
    assert not found.failed, render_terminal(found)
    return snapshot, ports
