"""The `casebook` command; each subcommand is a module of `lti_tool.commands`, loaded when used."""

import importlib
from typing import Any

import click

from config.errors import ConfigError
from grading.errors import GradingError
from llm.errors import LlmError
from lti_tool.errors import LtiToolError
from notebooks.errors import NotebooksError

COMMANDS = ("case", "grade", "keys", "llm", "registration", "runner", "up", "worker")


class LazyGroup(click.Group):
    """Commands in modules of their own name; what any of them raises on purpose is one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's interface
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a command, or None if there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"lti_tool.commands.{cmd_name}")
        command = module.command
        return command if isinstance(command, click.Command) else None

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's interface
        """Run the command; errors of ours go to stderr, without a traceback."""
        try:
            return super().invoke(ctx)
        except (ConfigError, NotebooksError, LlmError, GradingError, LtiToolError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=LazyGroup)
@click.version_option(package_name="casebook")
def main() -> None:
    """Judge data-science notebooks inside an LMS."""


if __name__ == "__main__":
    main()
