"""Project → snapshot, and files → snapshot in one call for those who serve."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ..config.load import PROTOCOL, Project, base_of, load_project
from ..config.model import Settings as ConfiguredSettings
from ..config.schema import DIALECT
from ..diagnostics import Diagnostics
from ..language.origins import Origins
from ..protocol import WireProtocol, amended, compile_dialect, compile_protocol, late_dialect, late_protocol
from ..protocol.files import ErrorDecode
from .endpoints import compile_endpoints, compile_surfaces
from .held import held
from .policy import compile_policies
from .providers import check_variants, compile_groups, compile_models, compile_providers, compile_variants
from .snapshot import Key, Settings, Snapshot


class InvalidConfiguration(Exception):
    """The configuration has errors; `diagnostics` holds them all."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        super().__init__(f"{sum(item.severity == 'error' for item in diagnostics.items)} errors in the configuration")
        self.diagnostics = diagnostics


def load_snapshot(user: Path | None, diagnostics: Diagnostics | None = None) -> Snapshot:
    """Load the built-in files and those of a user, and compile them; raises InvalidConfiguration."""
    diagnostics = diagnostics if diagnostics is not None else Diagnostics()
    project = load_project(user, diagnostics)
    snapshot = compile_project(project, diagnostics)
    if diagnostics.failed:
        raise InvalidConfiguration(diagnostics)
    return snapshot


def compile_project(project: Project, diagnostics: Diagnostics, origins: Origins | None = None) -> Snapshot:
    """Compile all that a project holds; the snapshot may be served only when `diagnostics` has no errors.

    With `origins` the transforms also tell where what they make is written. Of a project in which nothing is wrong they
    are otherwise compiled when they are first used.
    """
    with _without_collector():
        return _compiled(project, diagnostics, origins)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the collector of garbage out: all that is compiled stays, and it would search in vain again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _compiled(project: Project, diagnostics: Diagnostics, origins: Origins | None) -> Snapshot:
    routes = project.routes
    protocols = {name: _protocol(name, project, diagnostics, origins) for name in project.protocols}
    protocols = {name: _with_errors(protocol, protocols, project) for name, protocol in protocols.items()}
    dialects = {
        name: _dialect(name, project, protocols[base], diagnostics, origins)
        for name, document in project.dialects.items()
        if (base := base_of(document)) in protocols
    }
    if not project.sound:
        check_variants(routes, diagnostics)
    policies = compile_policies(routes.policies)
    providers = compile_providers(routes, protocols, dialects, policies, diagnostics, late=project.sound)
    models, aliases, patterns = compile_models(routes, providers, policies, diagnostics)
    return Snapshot(
        mounts=routes.mounts,
        endpoints=compile_endpoints(routes, protocols, diagnostics),
        surfaces=compile_surfaces(routes, protocols),
        keys={
            key.sha256: Key(key.id, key.group, key.expires.timestamp() if key.expires else None, key.disabled)
            for key in routes.keys.values()
        },
        groups=compile_groups(routes),
        models=models,
        aliases=aliases,
        patterns=patterns,
        variants=compile_variants(routes),
        providers=providers,
        protocols=protocols,
        dialects=dialects,
        settings=_settings(routes.settings),
    )


def _protocol(name: str, project: Project, diagnostics: Diagnostics, origins: Origins | None) -> WireProtocol:
    files = project.protocols[name]

    def compiled() -> WireProtocol:
        if origins is None and (project.sound or (PROTOCOL, name) in project.sound_parts):
            return late_protocol(name, files)
        return compile_protocol(name, files, diagnostics, origins=origins)

    # What notes origins notes them in these, so that nobody else can have it.
    return compiled() if origins is not None else held(name, files, diagnostics, compiled)


def _with_errors(protocol: WireProtocol, protocols: Mapping[str, WireProtocol], project: Project) -> WireProtocol:
    """Give a protocol the errors of the one that its folder names, where it has none of its own."""
    about = project.protocols[protocol.name].get("protocol")
    named = about.data.get("errors") if about is not None and isinstance(about.data, dict) else None
    other = protocols.get(str(named))
    if other is None:
        return protocol
    own = project.protocols[protocol.name]
    makes = {
        "error.decode": ("error_decode", lambda: _unmarked(other)),
        "error.encode": ("error_encode", lambda: other.error_encode),
    }
    return amended(protocol, {}, {member: make for kind, (member, make) in makes.items() if kind not in own})


def _unmarked(protocol: WireProtocol) -> ErrorDecode | None:
    """Give how a protocol reads errors; what marks an error in its answers is no mark in those of another."""
    return protocol.error_decode and replace(protocol.error_decode, when=None)


def _dialect(
    name: str, project: Project, base: WireProtocol, diagnostics: Diagnostics, origins: Origins | None
) -> WireProtocol:
    document = project.dialects[name]
    files = project.protocols[base.name]

    def compiled() -> WireProtocol:
        if origins is None and (project.sound or (DIALECT, name) in project.sound_parts):
            return late_dialect(document, files, base)
        return compile_dialect(document, files, base, diagnostics, origins=origins)

    made_of = {**files, DIALECT: document}
    return compiled() if origins is not None else held(base.name, made_of, diagnostics, compiled)


def _settings(given: ConfiguredSettings) -> Settings:
    return Settings(
        workers=given.workers,
        max_body=given.max_body,
        max_header=given.max_header,
        max_response=given.max_response,
        max_event=given.max_event,
        max_connections=given.max_connections,
        header_timeout=given.header_timeout,
        body_timeout=given.body_timeout,
        keep_alive=given.keep_alive,
        idle_comment=given.keep_alive_comment,
        drain=given.drain,
        request_id_headers=given.request_id_headers,
        strict=given.strict,
        strict_header=given.strict_header,
        state_count=given.state_count,
        state_size=given.state_size,
        state_age=given.state_age,
        state_depth=given.state_depth,
        metrics=given.metrics if isinstance(given.metrics, str) else given.metrics.resolve(),
        usage_age=given.usage_age,
    )
