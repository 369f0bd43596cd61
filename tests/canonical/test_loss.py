"""What an encoder cannot carry is known from what it reads."""

import pytest
from torouter.canonical import schema
from torouter.canonical.loss import Declared, LossPlan, covered, dotted, unknown_places

KINDS = frozenset({"text", "tool_call", "tool_result", "image"})
TOOLS = frozenset({"function"})
EVERYTHING = frozenset({(path[0],) for path in schema.paths()})


def plan(*unread, kinds=KINDS, tools=TOOLS, severities=None, **more):
    """The plan of an encoder that reads everything but the paths that start like `unread` (dotted, kinds included)."""
    read = {path for path in schema.paths() if not any((dotted(path) + ".").startswith(each + ".") for each in unread)}
    return LossPlan.build(frozenset(read), kinds, tools, chosen(severities or {}), **more)


def chosen(severities):
    """What is declared, from severities with or without a reason."""
    return {name: said if isinstance(said, Declared) else Declared(said) for name, said in severities.items()}


def request(**members):
    return {"model": "m", "turns": [], **members}


def said(*parts, **turn):
    return request(turns=[{"role": "user", "parts": list(parts), **turn}])


def told(losses):
    return [(loss.path, loss.severity) for loss in losses]


TEXT = {"kind": "text", "text": "t"}


def test_an_encoder_that_reads_everything_loses_nothing():
    every = LossPlan.build(EVERYTHING, KINDS | {"native"}, TOOLS)
    assert every.check(request(stop=["x"], sampling={"seed": 1}, tools=[{"kind": "function", "name": "f"}])) == []
    assert every.check(said(TEXT)) == []


def test_an_unread_member_is_a_warning_at_its_place():
    assert told(plan("sampling.seed").check(request(sampling={"seed": 1, "top_p": 0.5}))) == [("sampling.seed", "warn")]
    assert told(plan("stop").check(request(stop=["x"]))) == [("stop", "warn")]
    assert told(plan("metadata").check(request(metadata={"a": 1}))) == [("metadata", "warn")]


def test_permission_to_cache_is_lost_even_if_it_says_nothing_more():
    assert told(plan("cache").check(request(cache={}))) == [("cache", "warn")]


def test_an_absent_member_is_no_loss():
    assert plan("sampling", "stop", "turns.parts.text.cache").check(said(TEXT)) == []


@pytest.mark.parametrize(
    "members",
    [
        {"sampling": {"n": 1}},
        {"sampling": {"presence_penalty": 0, "frequency_penalty": 0.0}},
        {"parallel_tools": True},
        {"stream": True, "stream_usage": True},
        {"format": {"kind": "text"}},
        {"tool_choice": {"mode": "auto"}},
        {"modalities": ["text"]},
        {"state": {"store": False}},
        {"metadata": {}},
    ],
)
def test_what_would_hold_anyway_is_no_loss(members):
    assert LossPlan.build(frozenset(), KINDS, TOOLS).check(request(**members)) == []


def test_a_value_that_is_no_default_is_a_loss():
    assert told(plan("sampling.n").check(request(sampling={"n": 2}))) == [("sampling.n", "warn")]
    assert told(plan("parallel_tools").check(request(parallel_tools=False))) == [("parallel_tools", "warn")]


def test_a_member_of_a_part_is_told_with_turn_and_part():
    losses = plan("turns.parts.text.cache").check(said(TEXT, {**TEXT, "cache": {}}))
    assert told(losses) == [("turns[0].parts[1].cache", "warn")]
    assert losses[0].general == "turns.parts.text.cache"


def test_a_member_is_lost_only_on_the_kinds_where_it_is_not_read():
    image = {"kind": "image", "url": "u", "cache": {}}
    losses = plan("turns.parts.text.cache").check(said({**TEXT, "cache": {}}, image))
    assert told(losses) == [("turns[0].parts[0].cache", "warn")]


def test_the_name_of_a_speaker_can_be_lost():
    assert told(plan("turns.name").check_turns(said(TEXT, name="ann"))) == [("turns[0].name", "warn")]


def test_a_reason_that_is_declared_is_told():
    losses = plan("sampling.n", severities={"sampling.n": Declared("reject", "one answer is not two")}).check(request(sampling={"n": 2}))
    assert [(loss.severity, loss.reason) for loss in losses] == [("reject", "one answer is not two")]


def test_a_member_of_the_system_can_be_lost():
    losses = plan("system.cache").check(request(system=[TEXT, {**TEXT, "cache": {}}]))
    assert told(losses) == [("system[1].cache", "warn")]


def test_a_kind_of_part_that_cannot_be_written_is_a_rejection():
    losses = plan().check(said(TEXT, {"kind": "video", "url": "u"}))
    assert told(losses) == [("turns[0].parts[1]", "reject")]
    assert losses[0].general == "turns.parts.video"


def test_parts_inside_a_result_are_seen():
    result = {"kind": "tool_result", "id": "c", "parts": [TEXT, {"kind": "video", "url": "u"}]}
    assert told(plan().check(said(result))) == [("turns[0].parts[0].parts[1]", "reject")]


def test_a_kind_of_tool_that_cannot_be_written_is_a_rejection():
    tools = [{"kind": "function", "name": "f", "strict": True}, {"kind": "custom", "name": "g"}]
    losses = plan("tools.function.strict").check(request(tools=tools))
    assert told(losses) == [("tools[0].strict", "warn"), ("tools[1]", "reject")]


def test_native_things_of_another_protocol_are_lost():
    every = LossPlan.build(EVERYTHING, KINDS | {"native"}, TOOLS | {"native"}, protocol="own")
    native = {"kind": "native", "protocol": "other", "value": {}}
    losses = every.check({**said(native), "tools": [native], "native": {"own": {"a": 1}, "other": {"b": 1}}})
    assert told(losses) == [("native.other.b", "warn"), ("tools[0]", "reject"), ("turns[0].parts[0]", "reject")]


def test_how_bad_the_loss_of_another_protocol_s_things_is_can_be_chosen():
    plan_ = LossPlan.build(EVERYTHING, KINDS | {"native"}, TOOLS, chosen({"turns.parts.native": "drop"}), protocol="own")
    losses = plan_.check(said({"kind": "native", "protocol": "other", "value": {}}))
    assert told(losses) == [("turns[0].parts[0]", "drop")]


def test_what_another_protocol_says_of_a_tool_or_a_part_is_lost_field_by_field():
    bags = {"native": {"own": {"a": 1}, "other": {"b": 1, "c": 2}}}
    result = {"kind": "tool_result", "id": "c", "parts": [{**TEXT, **bags}]}
    asked = {**said({**TEXT, **bags}, result), "tools": [{"kind": "function", "name": "f", **bags}], "system": [{**TEXT, **bags}]}
    every = LossPlan.build(EVERYTHING, KINDS, TOOLS, chosen({"native": "drop"}), protocol="own")
    places = ["system[0]", "tools[0]", "turns[0].parts[0]", "turns[0].parts[1].parts[0]"]
    assert told(every.check(asked)) == [(f"{place}.native.other.{field}", "drop") for place in places for field in "bc"]


def test_a_foreign_part_without_which_the_conversation_means_something_else_is_always_rejected():
    plan_ = LossPlan.build(EVERYTHING, KINDS | {"native"}, TOOLS, chosen({"turns.parts.native": "drop"}), protocol="own")
    trace, history = ({"kind": "native", "protocol": "other", "value": {}, "essential": each} for each in (False, True))
    own = {**history, "protocol": "own"}
    assert told(plan_.check(said(trace, history, own))) == [("turns[0].parts[0]", "drop"), ("turns[0].parts[1]", "reject")]


def test_a_foreign_part_or_tool_that_can_be_done_without_is_no_rejection():
    every = LossPlan.build(EVERYTHING, KINDS | {"native"}, TOOLS | {"native"}, protocol="own")
    spare, needed, unsaid = ({"kind": "native", "protocol": "other", "value": {}, **said} for said in ({"essential": False}, {"essential": True}, {}))
    asked = {**said(spare, needed, unsaid), "tools": [spare, needed, unsaid]}
    assert [loss.severity for loss in every.check(asked)] == ["warn", "reject", "reject"] * 2


@pytest.mark.parametrize("name", ["previous", "conversation", "continuation", "prefix"])
def test_what_the_server_remembers_of_the_conversation_is_not_left_out_with_a_warning(name):
    place = f"state.{name}"
    asked = request(state={name: "x", "truncation": "auto"})
    assert dict(told(plan("state").check(asked))) == {place: "reject", "state.truncation": "warn"}
    assert dict(told(plan("state", severities={place: "drop"}).check(asked)))[place] == "drop"


def test_a_stored_prompt_is_rejected_as_a_whole():
    assert told(plan("state").check(request(state={"prompt": {"id": "p", "version": "2"}}))) == [("state.prompt", "reject")]


def test_which_item_held_a_part_is_nothing_to_lose():
    assert LossPlan.build(frozenset({("turns", "*", "parts", "*", ":text", "text")}), KINDS, TOOLS).check(said({**TEXT, "item_id": "i"})) == []


def test_the_fields_of_single_protocols_have_one_severity_for_all():
    assert unknown_places(["native", "turns.parts.text.native", "tools.function.native"]) == ["tools.function.native", "turns.parts.text.native"]


def test_native_things_of_the_own_protocol_are_not_lost():
    every = LossPlan.build(EVERYTHING, KINDS | {"native"}, TOOLS | {"native"}, protocol="own")
    native = {"kind": "native", "protocol": "own", "value": {}}
    assert every.check({**said(native), "tools": [native], "native": {"own": {"a": 1}}}) == []


def test_opaque_values_are_no_loss():
    nothing_read = LossPlan.build(frozenset({(*("turns", "*", "parts", "*"), "text")}), KINDS, TOOLS)
    assert nothing_read.check(said({**TEXT, "signature": "S"})) == []


@pytest.mark.parametrize(
    ("written", "severity"),
    [
        ({"turns.parts.text.cache": "drop"}, "drop"),
        ({"turns.parts.cache": "reject"}, "reject"),
        ({"turns.parts.cache": "reject", "turns.parts.text.cache": "drop"}, "drop"),
        ({}, "warn"),
    ],
)
def test_a_severity_is_chosen_for_one_kind_or_for_all(written, severity):
    losses = plan("turns.parts.text.cache", severities=written).check(said({**TEXT, "cache": {}}))
    assert [loss.severity for loss in losses] == [severity]


def test_a_severity_is_chosen_for_kinds_and_for_everything_under_a_member():
    plan_ = plan("state", severities={"turns.parts.video": "drop", "tools.custom": "warn", "state": "reject"})
    losses = plan_.check({
        **said({"kind": "video", "url": "u"}), "tools": [{"kind": "custom", "name": "g"}], "state": {"previous": "r"},
    })  # fmt: skip
    assert told(losses) == [("state.previous", "reject"), ("tools[0]", "warn"), ("turns[0].parts[0]", "drop")]


def test_a_severity_for_nothing_is_refused():
    assert unknown_places(["sampling.sed", "stop", "turns.parts.cache"]) == ["sampling.sed"]
    with pytest.raises(ValueError, match="no such place in a request: sampling"):
        plan(severities={"sampling.sed": "drop"})


@pytest.mark.parametrize(
    ("read", "path", "is_covered"),
    [
        (("metadata",), ("metadata", "a"), True),
        (("sampling", "seed"), ("sampling", "seed"), True),
        (("sampling", "seed"), ("sampling", "top_p"), False),
        (("turns", "*", "parts", "*", ":text", "cache"), ("turns", "*", "parts", "*", ":text", "cache", "ttl"), True),
        (("turns", "*", "parts", "*", ":text", "cache"), ("turns", "*", "parts", "*", ":image", "cache"), False),
        (("turns", "*", "parts", "*", "cache"), ("turns", "*", "parts", "*", ":image", "cache"), True),
        (("turns", "*", "parts", "*", ":image"), ("turns", "*", "parts", "*", ":image", "cache"), True),
        (("turns", "*", "parts", "*", ":image", "cache"), ("turns", "*", "parts"), False),
    ],
)
def test_a_read_covers_what_is_under_it(read, path, is_covered):
    assert covered(path, {read}) is is_covered
