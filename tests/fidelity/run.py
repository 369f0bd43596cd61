"""Print the fidelity table and every difference: python -m tests.fidelity.run [--only ID] [--client P] [--upstream P] [--inprocess]."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.fidelity.compare import Result, accepted, compare, recordings, table
from tests.fidelity.gateway import real_doors
from tests.fidelity.inprocess import inprocess_doors
from tests.fidelity.readers import READERS


async def measure(only: str, client: str, upstream: str, inprocess: bool) -> list[Result]:
    """Run the chosen part of the matrix."""
    chosen = recordings(only, upstream)
    clients = [name for name in READERS if client in ("", name)]
    with tempfile.TemporaryDirectory() as folder:
        doors = inprocess_doors(chosen) if inprocess else real_doors(Path(folder), chosen)
        async with doors as ways:
            return await compare(ways, chosen, clients)


def main() -> int:
    """Exit status 1 when a difference is not accepted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="part of the id of a recording")
    parser.add_argument("--client", default="", choices=["", *READERS])
    parser.add_argument("--upstream", default="", choices=["", *READERS])
    parser.add_argument("--inprocess", action="store_true", help="the compiled protocols alone: no server, always translated")
    options = parser.parse_args()
    began = time.monotonic()
    results = asyncio.run(measure(options.only, options.client, options.upstream, options.inprocess))
    known, open_misses = accepted(), 0
    for result in results:
        for line in result.differences:
            reasons = [entry.reason for entry in known if entry.covers(result, line)]
            open_misses += not reasons and result.exchange.mandatory
            note = f"  [accepted: {reasons[0]}]" if reasons else ""
            print(f"{result.client} < {result.exchange.protocol}  {result.exchange.service}/{result.exchange.id}\n    {line}{note}")
    print(f"\n{table(results)}\n{len(results)} readings in {time.monotonic() - began:.1f} s")
    return 1 if open_misses else 0


if __name__ == "__main__":
    sys.exit(main())
