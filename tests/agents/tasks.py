"""What an agent is asked to do, the files it does it with, and what the model says on the way."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.agents.programs import Program, Used
from tests.e2e.script import Call, Step

NOTES = {f"nóta {number:02}.txt": f"„{number}“ × 🍲 {{{{ 7 * {number} }}}} \\u00e9 <b>&amp;</b>\n" for number in range(1, 27)}
FILES = {"menu.txt": "šoup 🍲\nfish\n", "prices.txt": "soup 4 €\nfish 9 €\n", **NOTES}
NEW = 'Käse-"cake" 🧀 \\n 1/2'
CHANGED = f"šoup 🍲\n{NEW}\n"
DONE = "The menu has cake now. 🧀"
NOBODY = "01a1f878-3a00-75a2-b108-b7c2f70ec1bc"


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked for, what the model says, and what the files hold at the end."""

    prompt: str
    steps: Callable[[Program, Path], tuple[Step, ...]]
    files: dict[str, str]


def _call(id: str, used: Used, result: str) -> Call:
    name, arguments = used
    return Call(id, name, arguments, result)


def _step(number: int, *calls: Call, text: str = "") -> Step:
    signature = base64.b64encode(bytes((number * 37 + place * 61) % 256 for place in range(90)) + b"\xfb\xff\xfe").decode()
    return Step(number, thought=f"Thought {number}: naïve 🤔.", text=text, calls=calls, signatures=(signature, ""))


def _edit(program: Program, folder: Path) -> tuple[Step, ...]:
    """Thirty answers: two readings at once, one that fails, an edit, a reading in each further one, a last word."""
    menu, *others = (_call(f"call_{number}", program.read(folder / name), text.split("\n")[0]) for number, (name, text) in enumerate(FILES.items()))
    prices, *notes = others
    gone = _call("call_gone", program.read(folder / "gone.txt"), program.missing)
    change = _call("call_edit", program.edit(folder / "menu.txt", "fish", NEW), "menu.txt")
    return (
        _step(0, menu, prices, text="I read both files."),
        _step(1, gone),
        _step(2, change),
        *(_step(number, note) for number, note in enumerate(notes, 3)),
        Step(3 + len(notes), text=DONE),
    )


def _agents(program: Program, folder: Path) -> tuple[Step, ...]:
    """A tool of a namespace and one of none at once, then another one of the namespace; nobody is there to be closed."""
    close, resume = (f"multi_agent_v1__{name}_agent" for name in ("close", "resume"))
    first = (_call("call_close", (close, {"target": NOBODY}), "not found"), _call("call_read", program.read(folder / "menu.txt"), "šoup 🍲"))
    return (_step(0, *first), _step(1, _call("call_resume", (resume, {"id": NOBODY}), NOBODY)), Step(2, text=DONE))


def _code(_: Program, folder: Path) -> tuple[Step, ...]:
    """Programs that read and edit, beside a call of a tool from another namespace."""

    def run(id: str, code: str, result: str) -> Call:
        return Call(id, "functions__exec", {"input": f"text(await tools.{code});"}, result)

    patch = f"*** Begin Patch\n*** Update File: menu.txt\n@@\n-fish\n+{NEW}\n*** End Patch"
    listed = Call("call_list", "collaboration__list_agents", {}, "running")
    read, edit = run("call_read", "exec_command({cmd: 'cat menu.txt'})", "šoup 🍲"), run("call_edit", f"apply_patch({json.dumps(patch)})", "{}")
    return (_step(0, read, listed, text="I read it."), _step(1, edit), Step(2, text=DONE))


def _late(program: Program, folder: Path) -> tuple[Step, ...]:
    """A search for a tool that is not offered yet, then a call of it."""
    search = _call("call_search", ("ToolSearch", {"query": "select:TaskCreate", "max_results": 5}), "TaskCreate")
    create = _call("call_create", ("TaskCreate", {"subject": "Cake 🧀", "description": "Bake a cake."}), "Cake 🧀")
    return (_step(0, search), _step(1, create), Step(2, text=DONE))


TASKS = {
    "edit": Task("Read all files, and replace the fish by cake in menu.txt.", _edit, {**FILES, "menu.txt": CHANGED}),
    "agents": Task("Close and resume the agent, and read menu.txt.", _agents, FILES),
    "code": Task("Replace the fish by cake in menu.txt.", _code, {**FILES, "menu.txt": CHANGED}),
    "late": Task("Plan a cake.", _late, FILES),
    "context": Task("/context", lambda *_: (), FILES),
}
