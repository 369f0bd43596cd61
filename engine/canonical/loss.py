"""What an encoder cannot carry, known from what it reads: nothing is lost silently.

A read-set holds paths as `schema.paths()` writes them. A read of a prefix covers everything under it; a path that
leaves out a `:kind` covers all kinds.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, Self

from . import schema
from .harmless import HARMLESS, QUIET, VITAL

Severity = Literal["drop", "warn", "reject"]
CANNOT = "cannot be expressed"
REFUSED = "this model does not take it"
Path = tuple[str, ...]
Request = dict[str, Any]

PART: Path = ("turns", "*", "parts", "*")
TOOL: Path = ("tools", "*")
_BAG = frozenset({"native"})


@dataclass(frozen=True, slots=True)
class Declared:
    """What a file says of a place that does not get through: how bad, and why."""

    severity: Severity
    why: str = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that did not get through: where it stands, the same place in general, how bad, and why."""

    path: str
    general: str
    severity: Severity
    reason: str


def dotted(path: Path) -> str:
    """Return a path as people write it in a `loss` mapping: `turns.parts.image.detail`."""
    return ".".join(segment.removeprefix(":") for segment in path if segment != "*")


def covered(path: Path, read_set: Collection[Path]) -> bool:
    """Whether a read of `path`, or of something above it, is in the read-set."""
    return any(_covers(read, path) for read in read_set)


def unknown_places(names: Iterable[str], root: str = "request") -> list[str]:
    """Return the entries of a `loss` mapping that name no place of a request, or of a response."""
    return sorted(name for name in names if name not in _names(root))


@dataclass(frozen=True, slots=True)
class LossPlan:
    """What to look for in a request on its way to one encoder; computed once."""

    _top: tuple[tuple[str, tuple["_Member", ...]], ...]
    _turn: tuple["_Member", ...]
    _system: Mapping[str, "_Member"]
    _parts: Mapping[str, Mapping[str, "_Member"]]
    _tools: Mapping[str, Mapping[str, "_Member"]]
    _part_kinds: Mapping[str, Declared]  # the kinds that cannot be written, and `native`, which may be another's
    _tool_kinds: Mapping[str, Declared]
    _part_owner: str | None  # whose native parts can be written
    _tool_owner: str | None
    _protocol: str
    _native: Declared
    _part_names: Mapping[str, frozenset[str]]  # where a part of a kind has one of these, something may be lost
    _tool_names: Mapping[str, frozenset[str]]

    @classmethod
    def build(
        cls,
        read_set: Collection[Path],
        kinds: Collection[str],
        tools: Collection[str],
        declared: Mapping[str, Declared] | None = None,
        *,
        protocol: str = "",
    ) -> Self:
        """Compute the plan of an encoder that reads `read_set` and writes these kinds of parts and tools.

        `declared` overrides by dotted path, with or without a part's kind, or by a prefix; by default an unread
        member is a warning, an unwritable kind or unread history a rejection. Native things of `protocol` are its own.
        Raises ValueError for an entry of `declared` that names nothing.
        """
        chosen = declared or {}
        if unknown := unknown_places(chosen):
            raise ValueError(f"no such place in a request: {', '.join(unknown)}")
        unread = [_Member(path, _chosen(path, chosen, _default(path))) for path in _unread(read_set)]
        lost_parts = {path[4][1:] for path in schema.paths() if path[:4] == PART} - set(kinds) | {"native"}
        lost_tools = {path[2][1:] for path in schema.paths() if path[:2] == TOOL} - set(tools) | {"native"}
        parts, tool_members = _by_kind(unread, PART), _by_kind(unread, TOOL)
        return cls(
            _top=_by_top(unread),
            _turn=tuple(member for member in unread if member.path[:2] == ("turns", "*") and len(member.path) == 3),
            _system={member.name: member for member in unread if member.path[0] == "system"},
            _parts=parts,
            _tools=tool_members,
            _part_kinds={kind: _chosen((*PART, ":" + kind), chosen, "reject") for kind in lost_parts},
            _tool_kinds={kind: _chosen((*TOOL, ":" + kind), chosen, "reject") for kind in lost_tools},
            _part_owner=protocol if "native" in kinds else None,
            _tool_owner=protocol if "native" in tools else None,
            _protocol=protocol,
            _native=_chosen(("native",), chosen, "warn"),
            _part_names=_names_of(parts, lost_parts),
            _tool_names=_names_of(tool_members, lost_tools),
        )

    def check(self, request: Request) -> list[Loss]:
        """Return what this encoder will not carry of the request; of its turns, what is in their parts."""
        losses: list[Loss] = []
        self._check_top(request, losses)
        self._check_system(request, losses)
        for number, tool in enumerate(request.get("tools") or ()):
            kind = tool["kind"]
            if self._tool_names.get(kind, _BAG).isdisjoint(tool):
                continue
            where = f"tools[{number}]"
            if kind in self._tool_kinds and (kind != "native" or tool["protocol"] != self._tool_owner):
                lost = self._tool_kinds[kind]
                losses.append(Loss(where, f"tools.{kind}", _severity(tool, lost), lost.why or CANNOT))
            else:
                _check_members(tool, self._tools.get(kind, {}), where, losses)
                self._check_native(tool, f"{where}.", losses)
        for number, turn in enumerate(request["turns"]):
            if not self._carries(turn["parts"]):
                self._check_parts(turn["parts"], f"turns[{number}]", losses)
        return losses

    def check_turns(self, request: Request) -> list[Loss]:
        """Return what this encoder will not carry of the turns themselves; ask before turns are joined."""
        losses: list[Loss] = []
        for number, turn in enumerate(request["turns"]):
            for member in self._turn:
                member.check(turn, f"turns[{number}]", losses)
        return losses

    def _check_top(self, request: Request, losses: list[Loss]) -> None:
        for name, members in self._top:
            if name in request:
                for member in members:
                    if len(member.path) == 1:
                        member.check(request, "", losses)
                    else:
                        member.check(request[name], name, losses)
        self._check_native(request, "", losses)

    def _check_native(self, holder: Mapping[str, Any], where: str, losses: list[Loss]) -> None:
        """Report what other protocols said of a request, a tool or a part."""
        for protocol, fields in holder.get("native", {}).items():
            if protocol != self._protocol:
                losses.extend(Loss(f"{where}native.{protocol}.{field}", "native", self._native.severity,
                                   self._native.why or "belongs to another protocol") for field in fields)  # fmt: skip

    def _check_system(self, request: Request, losses: list[Loss]) -> None:
        for number, part in enumerate(request.get("system") or ()):
            _check_members(part, self._system, f"system[{number}]", losses)
            self._check_native(part, f"system[{number}].", losses)

    def _carries(self, parts: list[dict[str, Any]]) -> bool:
        """Tell whether names alone show that nothing of these parts is lost; most often they do."""
        names = self._part_names
        for part in parts:
            kind = part["kind"]
            if not names.get(kind, _BAG).isdisjoint(part):
                return False
            if kind == "tool_result" and not self._carries(part["parts"]):
                return False
        return True

    def _check_parts(self, parts: list[dict[str, Any]], where: str, losses: list[Loss]) -> None:
        lost = self._part_kinds
        for number, part in enumerate(parts):
            kind, place = part["kind"], f"{where}.parts[{number}]"
            if kind in lost and (kind != "native" or part["protocol"] != self._part_owner):
                losses.append(Loss(place, f"turns.parts.{kind}", _severity(part, lost[kind]), lost[kind].why or CANNOT))
                continue
            _check_members(part, self._parts.get(kind, {}), place, losses)
            self._check_native(part, f"{place}.", losses)
            if kind == "tool_result":
                self._check_parts(part["parts"], place, losses)


def _severity(native: Mapping[str, Any], lost: Declared) -> Severity:
    """Give how bad it is to lose a part or tool of a kind: its own protocol may say whether it can be done without."""
    essential = native.get("essential")
    if essential is None:
        return lost.severity
    return "reject" if essential else "warn" if lost.severity == "reject" else lost.severity


class _Member:
    """A member that the encoder does not read."""

    __slots__ = ("general", "harmless", "name", "path", "severity", "why")

    def __init__(self, path: Path, declared: Declared) -> None:
        self.path = path
        self.general = dotted(path)
        self.name = path[-1]
        self.severity = declared.severity
        self.why = declared.why or CANNOT
        self.harmless = HARMLESS.get(self.general, ())

    def check(self, holder: Mapping[str, Any], where: str, losses: list[Loss]) -> None:
        if self.name in holder and holder[self.name] not in self.harmless:
            place = f"{where}.{self.name}" if where else self.name
            losses.append(Loss(place, self.general, self.severity, self.why))


def _check_members(item: Mapping[str, Any], members: Mapping[str, _Member], where: str, losses: list[Loss]) -> None:
    for name in sorted(members.keys() & item.keys()):
        members[name].check(item, where, losses)


def _unread(read_set: Collection[Path]) -> list[Path]:
    """Return the members of which nothing is read, at the depth at which losses are told."""
    leaves: dict[Path, bool] = {}
    for path in _ordinary():
        place = path[: _depth(path)]
        leaves[place] = leaves.get(place, False) or covered(path, read_set)
    return [place for place, is_read in leaves.items() if not is_read and dotted(place) not in QUIET]


def _depth(path: Path) -> int:
    """Return how many segments name the member that a loss is told about: an item's member, or a member's member."""
    for prefix in (PART, TOOL):
        if path[: len(prefix)] == prefix:
            return len(prefix) + 2
    if path[0] in ("turns", "system"):
        return 3
    return 1 if path[0] == "cache" else 2  # permission to cache is said by its presence


def _covers(read: Path, known: Path) -> bool:
    place = 0
    for segment in known:
        if place == len(read):
            return True
        if segment == read[place]:
            place += 1
        elif not segment.startswith(":"):
            return False
    return place == len(read)


def _chosen(path: Path, chosen: Mapping[str, Declared], default: Severity) -> Declared:
    for name in (dotted(path), dotted(any_kind(path)), path[0]):
        if name in chosen:
            return chosen[name]
    return Declared(default)


def _default(path: Path) -> Severity:
    return "reject" if dotted(path) in VITAL else "warn"


def any_kind(path: Path) -> Path:
    """Leave the kinds out of a path to a member."""
    return path if path[-1].startswith(":") else tuple(segment for segment in path if not segment.startswith(":"))


@cache
def _ordinary() -> tuple[Path, ...]:
    """Return the known paths but what single protocols say (`native`), of which every field is told by itself."""
    return tuple(path for path in schema.paths() if path[-1] != "native")


@cache
def _names(root: str) -> frozenset[str]:
    ordinary = _ordinary() if root == "request" else schema.paths(root)
    prefixes = {path[:length] for path in ordinary for length in range(1, len(path) + 1)}
    return frozenset({dotted(path) for path in prefixes} | {dotted(any_kind(path)) for path in prefixes} | {"native"})


def _by_top(members: Iterable[_Member]) -> tuple[tuple[str, tuple[_Member, ...]], ...]:
    found: dict[str, list[_Member]] = {}
    for member in members:
        if member.path[0] not in ("turns", "tools", "system", "native"):
            found.setdefault(member.path[0], []).append(member)
    return tuple((name, tuple(each)) for name, each in found.items())


def _names_of(members: Mapping[str, Mapping[str, "_Member"]], lost: Collection[str]) -> dict[str, frozenset[str]]:
    return {kind: _BAG.union(names) for kind, names in members.items()} | dict.fromkeys(lost, frozenset({"kind"}))


def _by_kind(members: Iterable[_Member], prefix: Path) -> dict[str, dict[str, _Member]]:
    found: dict[str, dict[str, _Member]] = {}
    for member in members:
        if member.path[: len(prefix)] == prefix:
            found.setdefault(member.path[len(prefix)][1:], {})[member.name] = member
    return found
