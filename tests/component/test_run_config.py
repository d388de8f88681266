"""run_config: options that runs may set, typed, in the launchpad."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from tests.component.conftest import prepared as prepared
from tests.dg_project import DgProject, run

pytestmark = pytest.mark.usefixtures("shared_states")

VARIABLE = "select {{ var('minimum_amount') }} as minimum, '{{ var(\"mood\", \"none\") }}' as mood"


def op_of(defs: dg.Definitions) -> dg.OpDefinition:
    (assets,) = {
        a for a in defs.get_repository_def().assets_defs_by_key.values() if a.is_executable
    }
    return assets.op


def test_options_are_typed_fields_of_the_op_with_their_defaults(
    dg_project: DgProject, prepared: None
) -> None:
    dg_project.write_component(
        run_config={"full_refresh": False, "vars": {"mood": "fine"}, "threads": None}
    )
    schema = op_of(dg_project.load()).config_schema.config_type
    fields: Any = schema.fields  # type: ignore[union-attr]
    assert set(fields) == {"full_refresh", "vars", "threads"}
    assert fields["full_refresh"].default_value is False
    assert fields["vars"].default_value == {"mood": "fine"}
    assert "how many nodes dbt runs at once" in fields["threads"].description.lower()
    with pytest.raises(dg.DagsterInvalidConfigError, match="threads"):
        run(
            dg_project.load(),
            dg.AssetSelection.assets("raw_orders"),
            run_config={"ops": {"shop": {"config": {"threads": "many"}}}},
        )


@pytest.mark.server
def test_a_run_uses_what_was_set_and_otherwise_the_defaults(
    dg_project: DgProject, capfd: pytest.CaptureFixture[str], in_dev: None
) -> None:
    model = dg_project.dbt_folder / "models" / "marts" / "moods.sql"
    model.write_text(VARIABLE)
    dg_project.write_component(
        cli_args=["build", {"--vars": {"minimum_amount": 7}}],
        run_config={"full_refresh": False, "vars": {"mood": "fine"}, "threads": None},
    )
    defs = dg_project.load()

    def command_of(config: dict[str, Any]) -> str:
        outcome = run(
            defs,
            dg.AssetSelection.assets("moods"),
            run_config={"ops": {"shop": {"config": config}}} if config else None,
        )
        assert outcome.success, outcome.failure
        return capfd.readouterr().err

    shown = command_of({})
    assert '"mood": "fine"' in shown and "--full-refresh" not in shown and "--threads" not in shown
    shown = command_of({"full_refresh": True, "vars": {"mood": "good"}, "threads": 1})
    assert "--full-refresh" in shown and "--threads 1" in shown
    import duckdb

    with duckdb.connect(str(dg_project.dbt_folder / "shop.duckdb")) as connection:
        ((minimum, mood),) = connection.execute("select * from moods").fetchall()
    assert (minimum, mood) == (7, "good")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"target_path": "x"}, "each run has a target folder of its own"),
        ({"log_format": "json"}, "whose format does not matter"),
        ({"state": "x"}, "set `project.state_path`"),
        ({"full_refesh": True}, "Did you mean 'full_refresh'"),
        ({"threads": "many"}, "The default of `threads` is 'many', which is no number"),
    ],
)
def test_what_a_run_can_not_set_is_refused_with_the_reason(
    value: dict[str, Any], expected: str, dg_project: DgProject
) -> None:
    dg_project.write_component(run_config=value)
    with pytest.raises(Exception) as caught:
        dg_project.component()
    text, error = "", caught.value
    while error is not None:
        text += str(error)
        error = error.__cause__  # type: ignore[assignment]
    assert expected in text, text


OWN = """\
from dataclasses import dataclass

import dagster as dg
from dbt_component import DbtProjectComponent


class OwnConfig(dg.Config):
    {field}: bool = True


@dataclass
class Own(DbtProjectComponent):
    @property
    def op_config_schema(self):
        return OwnConfig
"""


@pytest.mark.parametrize("field", ["is_urgent", "full_refresh"])
def test_a_subclass_may_have_fields_beside_them(
    field: str, dg_project: DgProject, prepared: None
) -> None:
    folder = dg_project.defs_folder / "transform"
    folder.mkdir(parents=True, exist_ok=True)
    Path(folder / "own.py").write_text(OWN.format(field=field))
    dg_project.write_yaml(
        f"type: {dg_project.module}.defs.transform.own.Own\n"
        "attributes: {project: '{{ context.project_root }}/shop', run_config: {full_refresh: true}}\n"
    )
    if field == "full_refresh":
        with pytest.raises(Exception, match="both have 'full_refresh'"):
            dg_project.load()
        return
    fields: Any = op_of(dg_project.load()).config_schema.config_type.fields  # type: ignore[union-attr]
    assert set(fields) == {"is_urgent", "full_refresh"}
