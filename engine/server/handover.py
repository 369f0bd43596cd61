"""What the process that loaded the files leaves to the program that it becomes: one that only keeps workers running.

A process that loads files holds all libraries and all that files say, only to fork workers of it. Beginning anew as
another program, it is rid of that, and stays the parent of its workers.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

from .nameless import nameless, read_whole, write_whole
from .supervisor import Begun

_PROGRAM = f"{__package__}.supervise"


@dataclass(frozen=True, slots=True)
class Worker:
    """What all workers of one gateway have in common: `key` is the hash of the key of this machine, if that is used.

    `place` is the user's folder or file, `state` where is kept what lasts, `board` the memory that workers share.
    """

    place: str | None
    state: str
    key: str | None
    group: str
    board: int

    @property
    def folder(self) -> Path | None:
        """The user's folder or file."""
        return None if self.place is None else Path(self.place)

    @property
    def lasting(self) -> Path:
        """The folder of what lasts."""
        return Path(self.state)


@dataclass(frozen=True, slots=True)
class Handover:
    """Everything that a supervisor must know: sockets, `files` and what workers share are descriptors.

    `files` are those that were right last, `watched` the places where they may change, unless nobody looks; a stop
    waits `grace` seconds, and `greeting` is printed once all workers accept connections.
    """

    worker: Worker
    begun: Begun
    sockets: Sequence[int]
    files: int
    watched: Sequence[str] | None
    grace: float
    greeting: str

    def become(self) -> NoReturn:
        """Be the supervisor from now on, as another program in the same process. Raises OSError."""
        told = nameless()
        write_whole(told, json.dumps(asdict(self)).encode())
        news = [news for _, news, _ in self.begun.workers if news >= 0]
        for descriptor in (told, self.files, self.worker.board, *self.sockets, *self.begun.life, *news):
            os.set_inheritable(descriptor, True)
        sys.stdout.flush()
        sys.stderr.flush()
        # The arguments are for whoever looks at a list of processes.
        os.execv(sys.executable, [sys.executable, "-P", "-m", _PROGRAM, str(told), *sys.argv[1:]])  # noqa: S606

    @classmethod
    def take(cls, descriptor: int) -> Handover:
        """Read what was handed over."""
        told = json.loads(read_whole(descriptor))
        os.close(descriptor)
        begun = Begun(tuple(told["begun"]["life"]), [tuple(it) for it in told["begun"]["workers"]])
        return cls(**{**told, "worker": Worker(**told["worker"]), "begun": begun})
