"""A dg project with one component over a generated dbt project."""

from pathlib import Path

_DEFINITIONS = """\
from pathlib import Path

from dagster import definitions, load_from_defs_folder


@definitions
def defs():
    return load_from_defs_folder(path_within_project=Path(__file__).parent)
"""


def write_dg_project(root: Path, name: str, defs: str) -> None:
    """Writes a dg project.

    Args:
        root: Its folder.
        name: The name of its package.
        defs: The text of defs.yaml.
    """
    package = root / "src" / name
    (package / "defs" / "transform").mkdir(parents=True)
    for path in (package / "__init__.py", package / "defs" / "__init__.py"):
        path.touch()
    (package / "definitions.py").write_text(_DEFINITIONS)
    (package / "defs" / "transform" / "defs.yaml").write_text(defs)
    (root / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "0.1"\n[tool.dg]\ndirectory_type = "project"\n'
        f'[tool.dg.project]\nroot_module = "{name}"\n'
    )
