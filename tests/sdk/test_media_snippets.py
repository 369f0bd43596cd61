"""What the product's pages show of embeddings and images, with two generations of the libraries, before an upstream.

The upstream gives vectors only as numbers, whatever it is asked for.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.sdk.test_snippets import NODE, SNIPPETS, Libraries, show, snippets, with_every_generation
from tests.support.corpus import required
from tests.support.gateway import Gateway, running_gateway

pytestmark = pytest.mark.sdk

ANSWERS = {
    "/v1/embeddings": {
        "object": "list", "model": "text-embedding-3-small", "usage": {"prompt_tokens": 2, "total_tokens": 2},
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 1.0]}],
    },
    "/v1/images/generations": {"created": 1, "data": [{"b64_json": base64.b64encode(b"\x89PNG").decode()}]},
    "/v1/images/edits": {"created": 1, "data": [{"b64_json": base64.b64encode(b"\x89PNG").decode()}]},
}  # fmt: skip


class Service(BaseHTTPRequestHandler):
    """Reads whatever it is sent, and answers by the path."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps(ANSWERS[self.path]).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The shipped gateway, whose OpenAI is a service on the loopback."""
    folder = tmp_path_factory.mktemp("media")
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as service:
        Thread(target=service.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{service.server_address[1]}/v1"
        (folder / "routes.yaml").write_text(f"providers:\n  openai: {{extends: openai, base_url: '{url}', allow_private: true}}\n")
        with running_gateway(folder, OPENAI_API_KEY="sk-upstream") as running:
            yield running
        service.shutdown()


@with_every_generation
@snippets(SNIPPETS / "upstream", "*.py")
def test_python(snippet: Path, mount: str, libraries: Libraries, gateway: Gateway) -> None:
    required(f"the {libraries.name} Python libraries", libraries.python.exists(), f"no {libraries.python}: run `make previous`")
    assert show([libraries.python, snippet], gateway, mount).strip()


@snippets(SNIPPETS / "upstream", "*.sh")
def test_curl(snippet: Path, mount: str, gateway: Gateway) -> None:
    assert show(["bash", "-euo", "pipefail", snippet], gateway, mount).strip()


@with_every_generation
@snippets(NODE / "upstream", "*.mjs")
def test_node(snippet: Path, mount: str, libraries: Libraries, gateway: Gateway, tmp_path: Path) -> None:
    node = shutil.which("node")
    required("Node", node is not None, "no Node on this machine")
    required(f"the {libraries.name} Node libraries", libraries.modules.is_dir(), f"no {libraries.modules}: run `npm ci` beside it")
    (tmp_path / "node_modules").symlink_to(libraries.modules)
    assert show([node or "node", shutil.copy(snippet, tmp_path)], gateway, mount).strip()
