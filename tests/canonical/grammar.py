"""The grammar of encoder events, as a checker that shares no code with the bracket layer."""

from torouter.canonical import schema


def violations(events, *, serial=False, shapes=True):
    """Say every way in which a finished stream is not well formed; `shapes` also checks each event's schema."""
    found = []
    started, over = False, False
    outputs = {}  # number -> {"parts": [kind, ...], "open": {index: ...}, "finished": bool}
    for place, event in enumerate(events):
        kind = event["type"]
        if shapes:
            found += [f"{place} {kind}: {problem}" for problem in schema.check_encoder_event(event)]

        def wrong(message, place=place, kind=kind):
            found.append(f"{place} {kind}: {message}")

        if over:
            wrong("after the last event")
        if kind in ("end", "error"):
            over = True
        elif kind == "start":
            if place:
                wrong("not the first event")
        elif not started:
            wrong("before start")
        started = started or kind == "start"
        if "output" in event and kind != "output.start" and event["output"] not in outputs:
            wrong("before output.start")
            continue
        if kind == "output.start":
            if event["output"] in outputs:
                wrong("twice")
            outputs[event["output"]] = {"parts": [], "open": {}, "finished": False}
        elif kind.startswith("part."):
            _part(event, outputs, wrong, serial)
        elif kind == "finish":
            output = outputs[event["output"]]
            if output["open"] or output["finished"]:
                wrong("while a part is open, or twice")
            output["finished"] = True
        elif kind in ("usage", "end") and not all(output["finished"] for output in outputs.values()):
            wrong("before every output has finished")
    if not over:
        found.append("the stream has no end")
    return found


def _part(event, outputs, wrong, serial):
    output = outputs[event["output"]]
    parts, index = output["parts"], event["index"]
    if output["finished"]:
        wrong("after finish")
    if event["type"] == "part.start":
        if index != len(parts):
            wrong(f"index {index}, expected {len(parts)}")
        if event["ordinal"] != parts.count(event["kind"]):
            wrong(f"ordinal {event['ordinal']}")
        if serial and any(other["open"] for other in outputs.values()):
            wrong("while another part is open")
        if event["kind"] == "tool_call" and not (event.get("id") and event.get("name")):
            wrong("a call without id or name")
        parts.append(event["kind"])
        output["open"][index] = {"signed": False, "pieces": ""}
        return
    if index not in output["open"]:
        wrong("part is not open")
        return
    if event["kind"] != parts[index]:
        wrong("kind changed")
    state = output["open"][index]
    if event["type"] == "part.delta":
        if state["signed"]:
            wrong("after the signature")
        state["signed"] = "signature" in event
        state["pieces"] += event.get("text", "") + event.get("arguments", "")
        if event.get("text") == "" or event.get("arguments") == "":
            wrong("empty")
    else:
        part = event["part"]
        whole = part.get("arguments") or part.get("text") or part.get("transcript") or ""
        if whole != state["pieces"]:
            wrong(f"folded {whole!r}, streamed {state['pieces']!r}")
        del output["open"][index]
