"""Fuzz every target for some seconds: `python -m tests.fuzz.run SECONDS [NAME…]`, run by `make fuzz`.

Prints executions and the slowest of them. What fails is written into `regressions/`, which the tests replay.
"""

from __future__ import annotations

import hashlib
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fuzz.server import SERVER
from tests.fuzz.targets import Target, targets

REGRESSIONS = Path(__file__).parent / "regressions"
SLOW = 1.0  # seconds of one execution
ENOUGH = 5  # different failures of one target


@dataclass
class Outcome:
    """What fuzzing one target has shown."""

    executions: int = 0
    slowest: float = 0.0
    failures: dict[str, bytes] = field(default_factory=dict)


def fuzz(target: Target, seconds: float, seed: int = 0, executions: int | None = None) -> Outcome:
    """Run one target for so long, or so often; failures are told apart by where they were raised."""
    chance, outcome = Random(seed), Outcome()
    end = time.monotonic() + seconds
    while (time.monotonic() < end) if executions is None else (outcome.executions < executions):
        data = target.made(chance)
        began = time.perf_counter()
        try:
            target.run(data)
        except Exception as fault:
            frame = traceback.extract_tb(fault.__traceback__)[-1]
            outcome.failures.setdefault(f"{type(fault).__name__} in {Path(frame.filename).name}:{frame.lineno}: {str(fault)[:80]}", data)
        took = time.perf_counter() - began
        outcome.executions += 1
        outcome.slowest = max(outcome.slowest, took)
        if took > SLOW:
            outcome.failures.setdefault(f"took more than {SLOW:g} s", data)
        if len(outcome.failures) >= ENOUGH:
            break
    return outcome


def main(seconds: float, *names: str) -> int:
    """Fuzz all targets, or those named; the exit status says whether anything failed."""
    known, total, failed = targets(), 0, 0
    seed = time.time_ns()
    for name in names or known:
        outcome = fuzz(known[name], seconds, seed)
        total += outcome.executions
        failed += len(outcome.failures)
        print(f"{name:32} {outcome.executions:9} executions, the slowest {outcome.slowest * 1000:7.1f} ms, {len(outcome.failures)} failures", flush=True)
        for what, data in outcome.failures.items():
            file = REGRESSIONS / name / f"{hashlib.sha256(data).hexdigest()[:12]}.bin"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            print(f"    {what}\n    {file.relative_to(REGRESSIONS.parent)}")
    print(f"{total} executions with seed {seed}, {failed} failures")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(float(sys.argv[1]), *sys.argv[2:]))
    finally:
        SERVER.close()
