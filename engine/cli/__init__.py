"""The command line: one module for each command, imported only when it is called."""

from importlib import import_module

import click

from ..diagnostics import did_you_mean

# Each command is the member `command` of the module of its name.
_COMMANDS = ("coverage", "explain", "init", "keys", "models", "routes", "schema", "serve", "test", "usage", "validate")


class _LazyGroup(click.Group):
    """A group that imports a command when it is asked for, so that no command pays for another's imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command = import_module(f".{cmd_name}", __package__).command
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS:
            hint = did_you_mean(args[0], _COMMANDS) or f"there are: {', '.join(_COMMANDS)}"
            ctx.fail(f"There is no command {args[0]}; {hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_LazyGroup)
@click.version_option(package_name="torouter")
def main() -> None:
    """ToRouter: any client protocol on any provider, every mapping in YAML."""
