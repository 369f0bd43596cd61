"""The program that a gateway becomes once its workers have begun: `python -m torouter.server.supervise DESCRIPTOR`.

It imports what supervising takes and nothing else; what is more is imported in the processes that it forks.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from .handover import Handover
from .supervisor import Line, Supervisor
from .upkeep import Upkeep
from .watch import Watch

_PAUSE = 1.0


def main() -> int:
    """Keep the workers running that were handed over; gives the exit status."""
    handed = Handover.take(int(sys.argv[1]))
    worker = handed.worker
    sockets = [socket.socket(fileno=descriptor) for descriptor in handed.sockets]

    def work(line: Line) -> int:
        from .boot import replace

        return replace(worker, sockets, upkeep.files, line)

    def check(descriptor: int) -> int:
        from .loading import check

        return check(worker.folder, descriptor)

    watch = None if handed.watched is None else Watch(map(Path, handed.watched), _PAUSE)
    upkeep = Upkeep(check, handed.files, watch)
    supervisor = Supervisor(work, sockets, handed.begun, handed.grace, upkeep)

    def greet() -> None:
        sys.stdout.write(handed.greeting + "\n")
        sys.stdout.flush()

    return supervisor.run(greet)


if __name__ == "__main__":
    sys.exit(main())
