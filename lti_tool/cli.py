"""The `casebook` command."""

import click


@click.group()
def main() -> None:
    """Judge data-science notebooks inside an LMS."""
