"""A forked process begins anew: it ends with its own status, and hears no handler of the one it came from."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest

PROGRAM = """
import os, signal, sys
from torouter.server.child import fork, result

def said(word):
    print(word, flush=True)
    return 0
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program: tests have threads, which do not go with forks."""
    command = [sys.executable, "-c", PROGRAM + dedent(program)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(("ends", "status"), [("0", 0), ("3", 3), ("os._exit(4)", 4), ("os.kill(os.getpid(), 9)", -9), ("1 / 0", 1)])
def test_its_status_is_what_it_gave_or_how_it_ended(ends: str, status: int) -> None:
    assert run(f"print(result(lambda: {ends}))").stdout == f"{status}\n"


def test_what_it_raises_is_told_and_does_not_reach_what_its_parent_was_doing() -> None:
    done = run(
        """
        try:
            result(lambda: sys.exit("not like this"))
        finally:
            said("once")
        """
    )
    assert (done.returncode, done.stdout, done.stderr.count("not like this")) == (0, "once\n", 1)


def test_what_was_printed_before_is_printed_once() -> None:
    assert run("print('before'); result(lambda: said('child')); print('after')").stdout == "before\nchild\nafter\n"


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT", "SIGHUP", "SIGCHLD"])
def test_no_handler_of_its_parent_runs_in_it(number: str) -> None:
    done = run(
        f"""
        signal.signal(signal.{number}, lambda *_: said("heard"))
        result(lambda: os.kill(os.getpid(), signal.{number}) or 0)
        os.kill(os.getpid(), signal.{number})
        """
    )
    assert done.stdout == "heard\n" + ("heard\n" if number == "SIGCHLD" else "")  # that it ended is heard, too


def test_whoever_waits_and_is_interrupted_leaves_nobody_behind() -> None:
    done = run(
        """
        import time
        def interrupt(*_):
            raise KeyboardInterrupt
        signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            result(lambda: time.sleep(3600) or 0)
        except KeyboardInterrupt:
            said(os.waitstatus_to_exitcode(os.wait()[1]))
        """
    )
    assert done.stdout == "-9\n"
