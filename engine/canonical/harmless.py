"""What of a request may go missing without harm, and what may never; places are dotted, as people write them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Members whose absence changes nothing the client could notice: who is asked, how the answer travels, what the
# engine itself writes, and opaque values, which only their own family can use.
QUIET = frozenset({
    "model", "stream", "stream_usage", "turns.role", "turns.parts.native.protocol", "tools.native.protocol",
    "turns.parts.tool_call.id", "turns.parts.tool_result.id", "turns.parts.tool_result.name",
    "turns.parts.tool_result.custom", "turns.parts.tool_result.namespace",
    "turns.parts.reasoning.id", "turns.parts.reasoning.signature",
    "turns.parts.reasoning.redacted", "turns.parts.reasoning.summary", "turns.parts.native.essential", "system.item_id",
    "tools.native.essential",
    *(f"turns.parts.{kind}.signature"
      for kind in ("text", "tool_call", "image", "audio", "video", "file", "native")),
    *(f"turns.parts.{kind}.item_id"
      for kind in ("text", "refusal", "tool_call", "tool_result", "image", "audio", "video", "file", "native")),
    "system.signature",
})  # fmt: skip

# Without these the model would answer something else than what was asked.
_VITAL_STATE = frozenset({"previous", "conversation", "continuation", "prefix", "prompt"})
VITAL = frozenset(f"state.{name}" for name in _VITAL_STATE)

# Values that say what would hold anyway. The empty ones (false, 0 penalties, {}) need no entry where 0 means off.
HARMLESS: Mapping[str, tuple[Any, ...]] = {
    "parallel_tools": (True,),
    "tool_choice.mode": ("auto",),
    "format.kind": ("text",),
    "modalities": (["text"],),
    "service_tier": ("auto", "default"),
    "verbosity": ("medium",),
    "sampling.n": (1,),
    "sampling.presence_penalty": (0,),
    "sampling.frequency_penalty": (0,),
    "sampling.logprobs": (False,),
    "sampling.top_logprobs": (0,),
    "sampling.logit_bias": ({},),
    "state.store": (False,),
    "state.background": (False,),
    "state.truncation": ("disabled",),
    "reasoning.visible": (False,),
    "reasoning.effort": ("auto",),
    "metadata": ({},),
    "stop": ([],),
    "include": ([],),
    "tools.function.strict": (False,),
    "turns.parts.tool_result.error": (False,),
    "turns.parts.tool_call.custom": (False,),
    "turns.parts.file.citations": (False,),
    "turns.parts.image.detail": ("auto",),
}


@dataclass(frozen=True, slots=True)
class Silence:
    """What may go missing from messages about one subject: any value of some places, and some values of others."""

    quiet: frozenset[str]
    harmless: Mapping[str, tuple[Any, ...]]


CONVERSATION = Silence(QUIET, HARMLESS)

# Of messages without turns and parts: who is asked, how the answer travels, and in which clothes the gateway puts it.
PLAIN = Silence(
    frozenset({"model", "stream", "single", "encoding", "answer"}),
    {
        "n": (1,),
        "partial_images": (0,),
        **dict.fromkeys(("size", "quality", "background", "moderation"), ("auto",)),
    },
)


def goes_on(request: Mapping[str, Any]) -> bool:
    """Whether a request goes on from a conversation that is kept elsewhere: it may hold nothing, or results alone."""
    return not _VITAL_STATE.isdisjoint(request.get("state") or ())
