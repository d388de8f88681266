"""The option that names the dg project of a command."""

from pathlib import Path

import click

project_option = click.option(
    "--project",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="A folder in the dg project. Default: the current folder.",
)
