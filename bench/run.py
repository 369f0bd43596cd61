"""`make bench`, `make bench-peers`: what a request costs here, at the floor and elsewhere, in interleaved rounds."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import fmean

from . import load, measure, micro, report, tree
from .figures import Figure
from .targets import Running, Target, free_port, process, provider, read, running, wait
from .work import CHAT, JSON, MESSAGES, SLOW_WORK, WORK, Work

SECONDS = 0.3
"""CPU seconds that one measurement is to take, so that it is long beside what the clock leaves out."""
MOST, LEAST = 800, 2
TURNS, SHORTEST = 8, 10
"""In how many turns a measurement is taken, each of so many requests a connection at least.

The speed of a processor changes from one second to the next: what is compared is measured within the same ones.
"""
WARM = 25
"""Requests of each connection before anything is measured, of those that do not take long: programs get faster."""
PAUSES = 200
FIRST = {name: Work(JSON, name, name) for name in (CHAT, MESSAGES)}


@dataclass(slots=True)
class Bench:
    """All that has been measured, by what and whom; `faults` says who could not do what."""

    costs: dict[tuple[Work, str], list[float]] = field(default_factory=dict)
    pauses: dict[str, list[float]] = field(default_factory=dict)
    colds: dict[str, list[float]] = field(default_factory=dict)
    cold_cpus: dict[str, list[float]] = field(default_factory=dict)
    idle: dict[str, tuple[float, float]] = field(default_factory=dict)
    busy: dict[str, tuple[float, float]] = field(default_factory=dict)
    counts: dict[tuple[Work, str], int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def warm(self, targets: Sequence[Running], work: Sequence[Work]) -> None:
        """Ask everybody for everything, and see how often that has to be done to be measured."""
        for each in work:
            for target in targets:
                if not target.target.reaches(each):
                    continue
                try:
                    measure.cost(target, each, 1)
                    seconds = measure.cost(target, each, 3)
                    affordable = SECONDS / max(seconds, 1e-6) / measure.CONNECTIONS
                    measure.cost(target, each, round(min(WARM, max(1, affordable))))
                    seconds = measure.cost(target, each, 3)
                except (load.WrongAnswer, OSError, TimeoutError) as fault:
                    self.faults.append(f"{target.target.name}, {each.name}: {fault}")
                    continue
                wanted = SECONDS / max(seconds, 1e-6) / measure.CONNECTIONS
                self.counts[each, target.target.name] = round(min(MOST, max(LEAST, wanted)))

    def round(self, targets: Sequence[Running], work: Sequence[Work]) -> None:
        """Measure each kind of work on one target after the other, again and again where that does not take long."""
        for each in work:
            costs: dict[str, list[float]] = {}
            for turn in range(TURNS):
                for target in targets:
                    count = self.counts.get((each, target.target.name), 0)
                    turns = max(1, min(TURNS, count // SHORTEST))
                    if count and turn < turns:
                        run = partial(measure.cost, target, each, count // turns)
                        self._try(target, each, run, costs.setdefault(target.target.name, []))
            for name, found in costs.items():
                if found:
                    self.costs.setdefault((each, name), []).append(fmean(found))
        for target in targets:
            name = target.target.name
            first = _first(target.target)
            self.pauses.setdefault(name, []).append(measure.pause(target, first, PAUSES))

    def slow(self, targets: Sequence[Running]) -> None:
        """Measure many slow streams on one target after the other."""
        for each in SLOW_WORK:
            for target in targets:
                if target.target.command and target.target.reaches(each):
                    found = self.costs.setdefault((each, target.target.name), [])
                    self._try(target, each, partial(self._slow, target, each), found)

    def _slow(self, target: Running, work: Work) -> float:
        seen = measure.slow(target, work)
        name = target.target.name
        self.busy[name] = max(seen.memory, self.busy.get(name, (0.0, 0.0)))
        return seen.event

    def _try(self, target: Running, work: Work, run: Callable[[], float], found: list[float]) -> None:
        try:
            found.append(run())
        except (load.WrongAnswer, OSError, TimeoutError) as fault:
            self.faults.append(f"{target.target.name}, {work.name}: {fault}")

    def started(self, target: Running) -> None:
        """Note what the start of a target took."""
        if target.target.command:
            name = target.target.name
            self.colds.setdefault(name, []).append(target.cold)
            self.cold_cpus.setdefault(name, []).append(target.cold_cpu)
            self.idle.setdefault(name, tree.memory(target.pid))

    def figures(self) -> report.Figures:
        """CPU of a request, or of an event where an answer is a stream."""
        return {
            (work, name): Figure(values).times(1 / work.events if work not in SLOW_WORK and work.events else 1)
            for (work, name), values in self.costs.items()
            if values
        }

    def tables(self, names: Sequence[str]) -> Iterator[str]:
        """The whole report."""
        peers = [name for name in names if name not in {report.OURS, "direct", *report.FLOORS}]
        figures = self.figures()
        yield "\n".join(report.costs(figures, names))
        if peers:
            yield "\n".join(report.against(figures, peers))
        pauses = {name: Figure(values).times(1e3) for name, values in self.pauses.items()}
        rows = {
            "p50 at 1 connection, ms": pauses,
            "added to direct, ms": {name: it.less(pauses["direct"]) for name, it in pauses.items() if name != "direct"},
            "cold start: exec to the first right answer, s": _figures(self.colds),
            "cold start, CPU s": _figures(self.cold_cpus),
            "memory at rest, PSS MB": {name: Figure([pss]) for name, (pss, _) in self.idle.items()},
            "memory at rest, RSS MB": {name: Figure([rss]) for name, (_, rss) in self.idle.items()},
            "memory at 1,000 streams, PSS MB": {name: Figure([pss]) for name, (pss, _) in self.busy.items()},
            "memory at 1,000 streams, RSS MB": {name: Figure([rss]) for name, (_, rss) in self.busy.items()},
        }
        yield "\n".join(report.plain("time and memory", rows, [name for name in names if name in pauses]))
        if self.faults:
            yield "\n".join(["Not measured:", "", *(f"- {fault}" for fault in dict.fromkeys(self.faults))])


def _figures(values: dict[str, list[float]]) -> dict[str, Figure]:
    return {name: Figure(found) for name, found in values.items()}


def _first(target: Target) -> Work:
    """The request that a target is asked first: one that it need not translate, if it has any."""
    return next((work for work in FIRST.values() if target.reaches(work)), Work(JSON, MESSAGES, CHAT))


def run(targets: Sequence[Target], rounds: int, slow: int, starts: int) -> Bench:
    """Start all, measure all, stop all."""
    bench = Bench()
    upstream = free_port()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        pid = stack.enter_context(process(provider(upstream)))
        wait(upstream, FIRST[CHAT], load.post(FIRST[CHAT].path, {}, FIRST[CHAT].body("quick")), 30)
        found: list[Running] = []
        for target in targets:
            place = Path(folder, target.name)
            for _ in range(starts - 1 if target.command else 0):
                with running(target, upstream, pid, _first(target), place) as once:
                    bench.started(once)
            try:
                found.append(stack.enter_context(running(target, upstream, pid, _first(target), place)))
            except (TimeoutError, OSError) as fault:
                bench.faults.append(f"{target.name}: {fault}")
            else:
                bench.started(found[-1])
        bench.warm(found, WORK)
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
            bench.round(found, WORK)
            if number < slow:
                bench.slow(found)
    return bench


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="measure the other gateways, too")
    parser.add_argument("--only", action="append", help="a target; repeatable")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--slow", type=int, default=1, help="rounds with 1,000 slow streams")
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--no-micro", dest="micro", action="store_false", help="leave out the mappings by themselves")
    given = parser.parse_args(arguments)
    targets = [it for it in read() if (it.name in given.only if given.only else given.peers or not it.peer)]
    missing = [f"{it.name}: {it.missing} is not there" for it in targets if it.missing]
    targets = [it for it in targets if not it.missing]
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, which load, provider and targets share; ", end="")
    print(f"medians (and ranges) of {given.rounds} interleaved rounds\n", flush=True)
    if given.micro:
        print(micro.report(), end="\n\n", flush=True)
    bench = run(targets, given.rounds, given.slow, given.starts)
    bench.faults += missing
    print("\n\n".join(bench.tables([it.name for it in targets])))


if __name__ == "__main__":
    main()
