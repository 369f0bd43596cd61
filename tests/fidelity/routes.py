"""The user folder of the gateway under test: one provider per upstream protocol, one model per recording."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from tests.support.corpus import Exchange

KEY = "sk-fidelity"


def public_name(exchange: Exchange) -> str:
    """The model that a client asks for to get this recording."""
    return f"m-{exchange.id}"


def write_routes(folder: Path, upstream: str, exchanges: Sequence[Exchange]) -> None:
    """Write the route file; the upstream finds the recording by the model's name."""
    protocols = sorted({x.protocol for x in exchanges})
    lines = ["providers:"]
    for protocol in protocols:
        lines += [
            f"  recorded-{protocol}:",
            f"    base_url: {upstream}",
            "    allow_private: true",
            "    speaks:",
            f'      {protocol}: {{path: "/{protocol}/{{{{ target.model | segment }}}}"}}',
        ]
    lines.append("models:")
    for exchange in exchanges:
        target = f"{{provider: recorded-{exchange.protocol}, model: {exchange.id}}}"
        lines += [f"  {public_name(exchange)}:", "    targets:", f"      - {target}"]
    providers = ", ".join(f"recorded-{protocol}" for protocol in protocols)
    lines += [
        "groups:", "  fidelity:", '    models: ["*"]', f"    providers: [{providers}]",
        "keys:", "  fidelity:", "    group: fidelity",
        f"    hash: sha256:{hashlib.sha256(KEY.encode()).hexdigest()}",
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fidelity.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
