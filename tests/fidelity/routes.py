"""The user folder of the gateway under test: one provider per upstream protocol and dialect, one model per recording."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from tests.support.corpus import Exchange

KEY = "sk-fidelity"


def public_name(exchange: Exchange) -> str:
    """The model that a client asks for to get this recording."""
    return f"m-{exchange.id}"


def provider_name(exchange: Exchange) -> str:
    """The provider that serves this recording: one for each protocol, and for each of its dialects."""
    return f"recorded-{exchange.speaks or exchange.protocol}"


def write_routes(folder: Path, upstream: str, exchanges: Sequence[Exchange]) -> None:
    """Write the route file; the upstream finds the recording by the model's name."""
    services = {provider_name(x): (x.protocol, x.speaks) for x in exchanges}
    lines = ["providers:"]
    for name, (protocol, dialect) in sorted(services.items()):
        path = f'path: "/{protocol}/{{{{ target.model | segment }}}}"'     # where some protocols name the model
        speaks = f"{path}, dialect: {dialect}" if dialect else path
        lines += [
            f"  {name}:",
            f"    base_url: {upstream}",
            "    allow_private: true",
            "    speaks:",
            f"      {protocol}: {{{speaks}}}",
        ]
    lines.append("models:")
    for exchange in exchanges:
        target = f"{{provider: {provider_name(exchange)}, model: {exchange.id}}}"
        lines += [f"  {public_name(exchange)}:", "    targets:", f"      - {target}"]
    providers = ", ".join(sorted(services))
    lines += [
        "groups:", "  fidelity:", '    models: ["*"]', f"    providers: [{providers}]",
        "keys:", "  fidelity:", "    group: fidelity",
        f"    hash: sha256:{hashlib.sha256(KEY.encode()).hexdigest()}",
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fidelity.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
