"""Scripts written in tests, and a sandbox that never waits."""

from __future__ import annotations

import textwrap

from torouter.config.document import load_document
from torouter.diagnostics import Diagnostics, render_line
from torouter.sandbox.sandbox import Sandbox
from torouter.sandbox.script import compile_script


class Pace:
    """Stands in for the passing of time: notes how long the sandbox wanted to wait."""

    def __init__(self):
        self.waits = []

    async def __call__(self, seconds):
        self.waits.append(seconds)


def compile_text(text, name="script"):
    """Compile a script and give it with everything that was found wrong, one line each."""
    found = Diagnostics()
    document = load_document(textwrap.dedent(text), f"{name}.yaml", "user", found)
    script = compile_script(document, name, found) if document is not None else None
    return script, render_line(found).splitlines()


def sandbox_of(*texts, pace=None):
    """A sandbox that plays these scripts; the clock stands still."""
    scripts = []
    for number, text in enumerate(texts):
        script, problems = compile_text(text, f"script-{number}")
        assert not problems, problems
        scripts.append(script)
    return Sandbox(scripts, pace or Pace(), lambda: 1_700_000_000)


def asking(text="hello", **members):
    """A canonical request of one user turn."""
    return {"model": "made-up", "turns": [{"role": "user", "parts": [{"kind": "text", "text": text}]}], **members}


async def played(sandbox, request, model="made-up"):
    """The batches in which a request is answered."""
    return [batch async for batch in sandbox.respond(model, request)]


def flat(batches):
    return [event for batch in batches for event in batch]


def text_of(events, kind="text", member="text"):
    return "".join(event.get(member, "") for event in events if event.get("kind") == kind)
