"""The public surface: what it names, and that importing it costs nothing."""

import subprocess
import sys

import dbt_component


def test_all_is_sorted_and_every_name_is_there() -> None:
    assert dbt_component.__all__ == sorted(dbt_component.__all__)
    for name in dbt_component.__all__:
        assert getattr(dbt_component, name) is not None
    assert set(dbt_component.__all__) <= set(dir(dbt_component))


def test_importing_the_package_imports_neither_dagster_nor_dbt_nor_git() -> None:
    script = (
        "import sys, dbt_component\n"
        "heavy = {'dagster', 'dbt', 'git', 'sqlglot', 'pydantic', 'jinja2', 'msgspec'}\n"
        "print(sorted(heavy & {m.split('.')[0] for m in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_nothing_at_the_top_is_what_dbt_takes_for_plugins() -> None:
    """The attribute ``plugins`` of a module called ``dbt_*`` is read by dbt as a list of its plugins."""
    assert not hasattr(dbt_component, "plugins")


def test_the_public_names_load_without_the_http_library() -> None:
    """Dagster looks at each of them to find components, whether or not the project uses the dbt platform."""
    script = (
        "import sys, dbt_component\n"
        "for name in dbt_component.__all__:\n"
        "    getattr(dbt_component, name)\n"
        "print(sorted({'requests', 'urllib3'} & {m.split('.')[0] for m in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
