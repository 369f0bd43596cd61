"""Scripts are checked when they are loaded, and every mistake has its place."""

import pytest

from tests.sandbox.support import compile_text

SOUND = """
description: Says hello.
answers: [made-up]
$let:
  said: =request.turns[-1]
steps:
  - when: =said
    after: 50ms
    pieces: words
    emit:
      type: part.delta
      kind: text
      text: Hello.
"""


def test_a_sound_script_compiles_without_a_word():
    script, problems = compile_text(SOUND)
    assert problems == []
    assert (script.name, script.answers, script.complete) == ("script", ("made-up",), True)
    assert script.told().steps[0].after == 0.05


@pytest.mark.parametrize(
    "before, after, problem",
    [
        ("answers: [made-up]", "answer: [made-up]", 'script.yaml:3:1: error[unknown-key]: "answer" has no meaning here'),
        ("after: 50ms", "after: 50", "script.yaml:8:12: error[bad-duration]"),
        ("when: =said", "when: said", "script.yaml:7:11: error[expression-required]"),
        ("pieces: words", "pieces: letters", "script.yaml:9:13: error"),
        ("type: part.delta", "type: part.dela", 'script.yaml:11:13: error[bad-value]: "part.dela" is not one of'),
        ("when: =said", "when: =sad", "script.yaml:7:12: error[unknown-root]"),
        ("text: Hello.", "text: =lenght(said)", "script.yaml:13:14: error[unknown-function]"),
        ("text: Hello.", "text: '{{ sad }}'", "script.yaml:13:"),
        ("said: =request.turns[-1]", "said: =requst.turns", "script.yaml:5:10: error[unknown-root]"),
        ("steps:", "complete: maybe\nsteps:", "script.yaml:6:11: error[wrong-type]"),
    ],
)
def test_a_mistake_is_reported_at_its_place(before, after, problem):
    _, problems = compile_text(SOUND.replace(before, after))
    assert any(line.startswith(problem) for line in problems), problems


def test_all_mistakes_are_reported_together():
    broken = SOUND.replace("=said", "=sad").replace("text: Hello.", "text: =nothing()")
    _, problems = compile_text(broken)
    assert len(problems) == 2


def test_a_script_says_something_or_refuses():
    _, problems = compile_text("description: Does nothing.\nanswers: [made-up]\n")
    assert problems
