"""The entry point of the code location. It loads everything below `defs/`."""

from pathlib import Path

from dagster import Definitions, definitions, load_from_defs_folder


@definitions
def defs() -> Definitions:
    """Loads every definition of the project."""
    return load_from_defs_folder(path_within_project=Path(__file__).parent)
