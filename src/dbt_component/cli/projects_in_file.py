"""Finds the dbt projects that a Python file defines."""

import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType

from dbt_component.errors import DagsterDbtError, ProjectError
from dbt_component.project.project import DbtProject


def projects_in_file(path: Path) -> list[DbtProject]:
    """The DbtProjects at the top level of a Python file, each once, in the order of their names there.

    Raises:
        ProjectError: The file can't be imported, or defines no project.
        DagsterDbtError: A project that it defines is not usable.
    """
    found: list[DbtProject] = []
    for value in vars(_imported(path)).values():
        if isinstance(value, DbtProject) and not any(value is known for known in found):
            found.append(value)
    if not found:
        raise ProjectError(
            "There is no DbtProject at the top level of this file.",
            where=str(path),
            hint="Name the file that contains `… = DbtProject(…)`, or use `--components` for components.",
        )
    return found


def _imported(path: Path) -> ModuleType:
    top, name = _module_name(path.resolve())
    before = list(sys.path)
    sys.path.insert(0, str(top))
    try:
        # A file that is in no package may have the name of another module, such as `types`.
        return importlib.import_module(name) if "." in name else _executed(path.resolve())
    except DagsterDbtError:
        raise
    except Exception as error:
        line = traceback.extract_tb(error.__traceback__)[-1]
        raise ProjectError(
            f"The file can't be imported: {type(error).__name__}: {error}",
            where=f"{line.filename}:{line.lineno}",
            hint="Run the command in the environment and the folder in which the definitions load.",
        ) from error
    finally:
        sys.path[:] = before  # a file beside this one must not hide what is imported later


def _executed(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"projects_in_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # dataclasses look for their module
    spec.loader.exec_module(module)
    return module


def _module_name(path: Path) -> tuple[Path, str]:
    """The folder to import a file from, and its name as a module of the packages that it is in."""
    names = [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    if names[-1] == "__init__":
        names.pop()
    return folder, ".".join(names)
