"""The environment variables for docs/reference.md. Those of dbt are from the code that handles them."""

import ast
from collections.abc import Iterator
from pathlib import Path

from dbt_component.dbt_process.termination_timeout import DEFAULT_SECONDS, VARIABLE
from dbt_component.dbt_process.variables import PROFILES_DIR, VARIABLES, Handling

_SOURCES = Path(__file__).resolve().parents[1] / "src"
_OWN = {
    "DAGSTER_HOME": "Folder of the Dagster instance. `dbt-component state`, and states in the instance's storage, need it.",
    VARIABLE: f"How long dbt may take to cancel its queries when a run is terminated, in seconds. Default: {DEFAULT_SECONDS:g}.",
    PROFILES_DIR: "Folder of profiles.yml, for a project whose `profiles_dir` is not set.",
    "DBT_COMPONENT_CACHE_DIR": "Folder for what can be made again: run folders, checkouts, copies of projects. Default:"
    " `dbt-component` in `XDG_CACHE_HOME` or `~/.cache`.",
    "DBT_COMPONENT_DATA_DIR": "Folder of working folders, which hold databases at relative paths of projects that are"
    " unpacked from a state. Default: `dbt-component` in `XDG_DATA_HOME` or `~/.local/share`.",
    "GITHUB_TOKEN": "Token for https, sent to the hosts in `project.github_token_hosts` only, unless `project.token` is set.",
    **{
        f"DBT_CLOUD_{name}": f"{meaning} for `dbt-component cloud`, where no component names it."
        for name, meaning in (
            ("ACCOUNT_ID", "The account on the dbt platform,"),
            ("TOKEN", "The token for the dbt platform,"),
            ("ACCESS_URL", "The access URL of the dbt platform,"),
            ("PROJECT_ID", "The project on the dbt platform,"),
            ("ENVIRONMENT_ID", "The environment on the dbt platform,"),
        )
    },
    "SSL_CERT_FILE": "Certificate authorities for Git over https, unless git's own settings name some.",
}
# Set by Dagster's command line, or the general ones that the descriptions above mention.
_OF_OTHERS = {"DAGSTER_IS_DEV_CLI", "XDG_CACHE_HOME", "XDG_DATA_HOME"}
_HANDLED = {
    Handling.COMPARED: "Recorded in the state: with another value, a run parses and a refresh prepares the project again.",
    Handling.ARGUMENT: "Narrow the nodes of a step, as the options of dbt do.",
    Handling.SET: "Set for each dbt process, so an inherited value has no effect.",
    Handling.PASSED: "Passed to dbt, which acts on them.",
}


def environment_lines() -> Iterator[str]:
    """A table of the variables that this package reads, and what becomes of dbt's.

    Raises:
        ValueError: The package reads a variable that has no description here.
    """
    undescribed = _read_by_the_package() - _OWN.keys() - _OF_OTHERS - VARIABLES.keys()
    if undescribed:
        raise ValueError(f"Describe {sorted(undescribed)} in scripts/reference_environment.py.")
    yield from ("| variable | meaning |", "|---|---|")
    for name, meaning in sorted(_OWN.items()):
        yield f"| `{name}` | {meaning} |"
    yield ""
    yield "What becomes of dbt's own variables, also under the prefix `DBT_ENGINE_` that dbt 1.11 reads:"
    yield ""
    yield from ("| effect | variables |", "|---|---|")
    for handling, meaning in _HANDLED.items():
        names = sorted(
            name for name, value in VARIABLES.items() if value is handling and name not in _OWN
        )
        yield f"| {meaning} | {', '.join(f'`{name}`' for name in names)} |"


def _read_by_the_package() -> set[str]:
    """The literal names in `os.environ.get(…)`, `os.environ[…]` and `os.getenv(…)` above dbt's own process."""
    found: set[str] = set()
    for path in _SOURCES.rglob("*.py"):
        if path.parent.name == "child":  # inside dbt's process
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            key: ast.expr | None = None
            if isinstance(node, ast.Call) and node.args:
                if ast.unparse(node.func) in {"os.environ.get", "os.getenv"}:
                    key = node.args[0]
            elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
                key = node.slice
            if isinstance(key, ast.Constant):
                found.add(str(key.value))
    return found
