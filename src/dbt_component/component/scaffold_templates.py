"""The templates that scaffold commands write, with delimiters that leave dbt's and Dagster's own Jinja alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_PACKAGED = Path(__file__).parents[1] / "scaffolds"
_IN_REPOSITORY = Path(__file__).parents[3] / "scaffolds"


def templates_folder() -> Path:
    """The folder of scaffold templates: inside the installed package, or at the repository's top."""
    return _PACKAGED if _PACKAGED.is_dir() else _IN_REPOSITORY


def rendered_files(folder: str, **values: Any) -> Iterator[tuple[Path, str]]:
    """Yields (path relative to ``folder``, text) of each template below a folder, in the order of their paths."""
    top = templates_folder() / folder
    for template in sorted(top.rglob("*.jinja")):
        name = template.relative_to(templates_folder()).as_posix()
        yield template.relative_to(top).with_suffix(""), render(name, **values)


def render(template: str, **values: Any) -> str:
    """Renders one template, named by its path below the folder of templates.

    Raises:
        jinja2.UndefinedError: A value is missing.
    """
    environment = Environment(  # noqa: S701 - the output is not HTML
        loader=FileSystemLoader(templates_folder()),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        trim_blocks=True,
    )
    return environment.get_template(template).render(**values)
