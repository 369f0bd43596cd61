"""From merged entries, whose form has been checked, to the values of `model`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from ..diagnostics import Diagnostics
from .merge import Entry, Sections
from .model import (
    Address,
    Capability,
    Condition,
    CredentialPlace,
    Endpoint,
    Fallback,
    Group,
    Key,
    Match,
    Model,
    ModelLimits,
    Provider,
    Refusal,
    Routes,
    Settings,
    State,
    Surface,
    Target,
    UpstreamAuth,
    Variant,
)
from .policy import Outcome, Policy, Timers
from .price import prices_in
from .secrets import parse_secret
from .units import parse_date, parse_duration, parse_size

T = TypeVar("T")

_SIZES = frozenset(("max_body", "max_header", "max_response", "max_event", "state_size"))
_HEADERS = frozenset(("strict_header",))
_TIMERS = ("connect", "first_byte", "idle", "total", "slow_reader")
_POLICY_DURATIONS = ("backoff", "backoff_max", "retry_after_max", "cool_max", "queue")
_POLICY_VALUES = ("retry_minimum", "all_cool", "fallback_may_lose")
_READERS = frozenset(("none", "loopback"))
_ABOUT_FACTS = frozenset(("match", "as_of", "source"))


def build_routes(sections: Sections, diagnostics: Diagnostics) -> Routes:
    """All sound entries as values; entries with errors are left out, because those have been reported."""

    def section(name: str, build: Callable[[Entry], T | None]) -> dict[str, T]:
        built = ((id, build(entry)) for id, entry in sections[name].items() if entry.sound)
        return {id: value for id, value in built if value is not None}

    mounts = section("mounts", lambda entry: tuple(entry.value))
    return Routes(
        mounts=mounts.get("mounts", ("",)),
        auth=section("auth", lambda entry: tuple(CredentialPlace(**_lower_header(place)) for place in entry.value)),
        surfaces=section("surfaces", _surface),
        endpoints=section("endpoints", _endpoint),
        providers=section("providers", _provider),
        models=section("models", lambda entry: _model(entry, diagnostics)),
        variants=section("variants", _variant),
        groups=section("groups", _group),
        keys=section("keys", lambda entry: _key(entry, diagnostics)),
        capabilities=tuple(section("capabilities", lambda entry: _capability(entry, diagnostics)).values()),
        prices=tuple(
            it for entry in sections["prices"].values() if entry.sound for it in prices_in(entry, diagnostics)
        ),
        policies=section("policies", _policy),
        settings=Settings(**section("settings", _setting)),
    )


def _conditions(value: Any) -> tuple[Condition, ...]:
    """One condition, or a list of which any one must hold."""
    if value is None:
        return ()
    items = value if isinstance(value, list) else [value]
    return tuple(Condition(**_lower_header(item)) for item in items)


def _lower_header(value: Mapping[str, str]) -> dict[str, str]:
    """Header names in lower case, which is how they are compared."""
    return {key: text.lower() if key == "header" else text for key, text in value.items()}


def _surface(entry: Entry) -> Surface:
    value = entry.value
    return Surface(entry.id, entry, value["protocol"], _conditions(value.get("when")), value.get("default", False))


def _endpoint(entry: Entry) -> Endpoint:
    value = entry.value
    return Endpoint(
        id=entry.id,
        entry=entry,
        matches=tuple(_matches(entry)),
        protocol=value["protocol"],
        operation=value["operation"],
        auth=value["auth"],
        surface=value.get("surface"),
        when=_conditions(value.get("when")),
        model=value.get("model"),
        stream=value.get("stream"),
        forward=tuple(name.lower() for name in value.get("forward", ())),
        returned=tuple(name.lower() for name in value.get("return", ())),
        max_body=parse_size(value["max_body"]) if "max_body" in value else None,
        example=value.get("example"),
        framing=value.get("framing"),
        forms=value.get("forms", False),
        forward_query=tuple(value.get("forward_query", ())),
        state=State(**value["state"]) if "state" in value else None,
        answer=value.get("answer"),
        seen=value.get("seen"),
        conversation=value.get("conversation"),
        entry_id=value.get("entry"),
        prefix=value.get("prefix"),
        refusal=Refusal(**value["refusal"]) if "refusal" in value else None,
    )


def _matches(entry: Entry) -> Iterator[Match]:
    """One address, or a list of them."""
    given = entry.value["match"]
    for index, text in enumerate([given] if isinstance(given, str) else given):
        method, _, path = text.partition(" ")
        yield Match(method, path, entry.at("match") if isinstance(given, str) else entry.at("match", index))


def _provider(entry: Entry) -> Provider:
    value = entry.value
    return Provider(
        id=entry.id,
        entry=entry,
        kind=value.get("kind", "http"),
        transport=value.get("transport", "http"),
        base_url=value.get("base_url", "").rstrip("/") or None,
        auth=_upstream_auth(value.get("auth", "none")),
        headers=value.get("headers", {}),
        speaks={name: _address(address) for name, address in value.get("speaks", {}).items()},
        allow_private=value.get("allow_private", False),
        timers=_timers(value.get("timeouts", {})),
        script=value.get("script"),
        policy=value.get("policy"),
        concurrent=value.get("concurrent"),
    )


def _upstream_auth(value: Any) -> UpstreamAuth | None:
    if value == "none":
        return None
    if "bearer" in value:
        return UpstreamAuth(parse_secret(value["bearer"]), header="authorization", prefix="Bearer ")
    secret = parse_secret(value["value"])
    if "query" in value:
        return UpstreamAuth(secret, query=value["query"])
    return UpstreamAuth(secret, header=value["header"].lower())


def _address(value: Mapping[str, Any]) -> Address:
    texts = value["path"], value.get("query", {}), value.get("headers", {})
    more: dict[str, Any] = {name: value.get(name) for name in ("dialect", "framing", "count", "stored")}
    return Address(*texts, **more, usage_on_request=value.get("usage_on_request", False))


def _timers(value: Mapping[str, Any]) -> Timers:
    return Timers(**_durations(value, _TIMERS), attempts=value.get("attempts"))


def _durations(value: Mapping[str, Any], names: Iterable[str]) -> dict[str, float]:
    """The named members that are there, in seconds."""
    return {name: parse_duration(value[name]) for name in names if name in value}


def _policy(entry: Entry) -> Policy:
    value = entry.value
    members = {name: value[name] for name in _POLICY_VALUES if name in value}
    members.update(_durations(value, _POLICY_DURATIONS))
    if "retry_budget" in value:
        members["retry_budget"] = float(value["retry_budget"].removesuffix("%")) / 100
    if "retry_after" in value:
        members["retry_after"] = tuple(name.lower() for name in value["retry_after"])
    outcomes = {name: _outcome(it) for name, it in value.get("outcomes", {}).items()}
    return Policy(entry.id, entry, _timers(value), outcomes, members)


def _outcome(value: Any) -> Outcome:
    """An outcome's rule; text is only what the request does."""
    if isinstance(value, str):
        return Outcome(value)  # type: ignore[arg-type]  # the schema allows no other words
    return Outcome(**{**value, **_durations(value, ("cool", "dead"))})


def _model(entry: Entry, diagnostics: Diagnostics) -> Model | None:
    value = entry.value
    created = value.get("created")
    if isinstance(created, str):
        moment = _date(entry, "created", diagnostics)
        if moment is None:
            return None
        created = int(moment.timestamp())
    return Model(
        id=entry.id,
        entry=entry,
        targets=tuple(Target(**target) for target in value["targets"]),
        aliases=tuple(value.get("aliases", ())),
        display_name=value.get("display_name"),
        created=created,
        owned_by=value.get("owned_by"),
        capabilities=value.get("capabilities", {}),
        limits=ModelLimits(**value.get("limits", {})),
        sticky=value.get("sticky"),
        policy=value.get("policy"),
        fallback=tuple(_fallback(it) for it in value.get("fallback", ())),
    )


def _fallback(value: Any) -> Fallback:
    """A fallback; text is only the name of the model."""
    return Fallback(value) if isinstance(value, str) else Fallback(value["model"], tuple(value.get("on", ())))


def _variant(entry: Entry) -> Variant:
    value = entry.value
    return Variant(entry.id, entry, value["suffix"], value["set"], tuple(value.get("models", ("*",))))


def _group(entry: Entry) -> Group:
    value = entry.value
    return Group(
        id=entry.id,
        entry=entry,
        models=tuple(value["models"]),
        providers=tuple(value["providers"]),
        aliases=value.get("aliases", {}),
        strict=value.get("strict", False),
    )


def _key(entry: Entry, diagnostics: Diagnostics) -> Key | None:
    value = entry.value
    expires = _date(entry, "expires", diagnostics) if "expires" in value else None
    if "expires" in value and expires is None:
        return None
    digest = value["hash"].partition(":")[2]
    return Key(entry.id, entry, value["group"], digest, expires, value.get("disabled", False))


def _capability(entry: Entry, diagnostics: Diagnostics) -> Capability | None:
    value = entry.value
    if _date(entry, "as_of", diagnostics) is None:
        return None
    facts = {name: fact for name, fact in value.items() if name not in _ABOUT_FACTS}
    return Capability(value["match"], value["as_of"], value["source"], facts)


def _setting(entry: Entry) -> Any:
    if entry.id == "metrics":
        return entry.value if entry.value in _READERS else parse_secret(entry.value)
    if entry.id in _HEADERS:
        return entry.value.lower()
    if isinstance(entry.value, list):
        return tuple(name.lower() for name in entry.value)
    if not isinstance(entry.value, str):
        return entry.value
    return parse_size(entry.value) if entry.id in _SIZES else parse_duration(entry.value)


def _date(entry: Entry, member: str, diagnostics: Diagnostics) -> Any:
    """The moment of a date of an entry; nothing, and an error, when the calendar has no such day."""
    try:
        return parse_date(entry.value[member])
    except ValueError:
        diagnostics.error("bad-date", entry.at(member), f'the calendar has no "{entry.value[member]}"')
        return None
