"""The lineage of columns: before the first run, after a run, and what it costs when it is off."""

import shutil
import textwrap
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from click.testing import CliRunner

from dbt_component import DbtCliResource, DbtProject, dbt_assets
from dbt_component.cli import main
from dbt_component.errors import DefinitionError, LineageError
from dbt_component.execution import built_lineage
from dbt_component.lineage import tracer
from dbt_component.lineage.query import trace_query
from dbt_component.project.project import DagsterDbtProjectPreparer
from dbt_component.project.refresh import refresh_from_folder
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.state import StateFile
from tests.dg_project import DgProject, run, specs_of
from tests.equivalence.databases import Database, DuckDatabase

KEY = "dagster/column_lineage"
FILES = {
    "dbt_project.yml": yaml.safe_dump({"name": "bank", "profile": "bank", "version": "1.0"}),
    "seeds/accounts.csv": "id,owner,opened\n1,ann,2024-01-01\n",
    "models/recent.sql": """
        {{ config(materialized='ephemeral') }}
        select id as account_id, owner from {{ ref('accounts') }} where opened > '2020-01-01'
        """,
    "models/payments.sql": """
        with source as (select * from {{ source('raw', 'payments') }})
        select id as payment_id, account_id, amount / 100.0 as amount from source
        """,
    "models/balances.sql": """
        {{ config(materialized='table') }}
        select
            recent.account_id,
            max(owner) as owner,
            sum(amount) as balance,
            count(*) as payments
        from {{ ref('recent') }} as recent
        left join {{ ref('payments') }} as payments on payments.account_id = recent.account_id
        group by recent.account_id
        """,
    "models/ranked.sql": """
        {{ config(materialized='incremental', unique_key='account_id') }}
        select *, rank() over (order by balance desc) as place from {{ ref('balances') }}
        {% if is_incremental() %} where balance > (select min(balance) from {{ this }}) {% endif %}
        """,
    "models/everyone.sql": """
        select owner as name from {{ ref('balances') }}
        union all
        select owner from {{ ref('accounts') }}
        """,
    "models/asks.sql": """
        {{ config(materialized='table') }}
        {% set found = run_query('select 1 as answer') %}
        select balance as answer_{{ found.columns[0].values()[0] if execute else 0 }} from {{ ref('balances') }}
        """,
    "snapshots/history.sql": """
        {% snapshot history %}
        {{ config(target_schema='history', unique_key='account_id', strategy='check', check_cols='all') }}
        select * from {{ ref('balances') }}
        {% endsnapshot %}
        """,
    "models/schema.yml": """
        sources:
          - name: raw
            schema: raw
            tables: [{name: payments}]
        """,
}
BY_HAND = {
    "payments": {
        "payment_id": "raw/payments.id",
        "account_id": "raw/payments.account_id",
        "amount": "raw/payments.amount",
    },
    "balances": {
        "account_id": "accounts.id",
        "owner": "accounts.owner",
        "balance": "payments.amount",
        "payments": "",
    },
    "ranked": {
        "account_id": "balances.account_id",
        "owner": "balances.owner",
        "balance": "balances.balance",
        "payments": "balances.payments",
        "place": "balances.balance",
    },
    "everyone": {"name": "accounts.owner balances.owner"},
    "history": {
        "account_id": "balances.account_id",
        "owner": "balances.owner",
        "balance": "balances.balance",
        "payments": "balances.payments",
    },
}


def write_project(folder: Path, database: Database) -> Path:
    target = {"target": "dev", "outputs": {"dev": {**database.output(), "threads": 2}}}
    files = {**FILES, "profiles.yml": yaml.safe_dump({"bank": target})}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip())
    database.run(
        [
            "create schema raw",
            "create table raw.payments as select 1 as id, 1 as account_id, 250 as amount",
        ]
    )
    return folder


@pytest.fixture
def bank(dg_project: DgProject) -> DgProject:
    write_project(dg_project.root / "bank", DuckDatabase(dg_project.root / "database"))
    return dg_project


def write(project: DgProject, **attributes: Any) -> None:
    attributes.setdefault("include_metadata", ["column_lineage"])
    project.write_component(project="{{ context.project_root }}/bank", **attributes)


def load(project: DgProject, **attributes: Any) -> dg.Definitions:
    write(project, **attributes)
    project.refresh()
    return project.load()


def shown(value: Any) -> dict[str, str]:
    lineage = value.value if isinstance(value, dg.MetadataValue) else value
    return {
        column: " ".join(f"{dep.asset_key.to_user_string()}.{dep.column_name}" for dep in deps)
        for column, deps in lineage.deps_by_column.items()
    }


def before_a_run(defs: dg.Definitions) -> dict[str, dict[str, str]]:
    return {
        name: shown(spec.metadata[KEY])
        for name, spec in specs_of(defs).items()
        if KEY in spec.metadata
    }


def after_a_run(metadata: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    return {name: shown(found[KEY]) for name, found in metadata.items() if KEY in found}


def state_of(project: DgProject) -> StateFile:
    (path,) = project.state_files()
    return StateFile(path)


def test_the_graph_shows_the_lineage_before_the_first_run(bank: DgProject) -> None:
    assert before_a_run(load(bank)) == BY_HAND
    (note,) = state_of(bank).lineage.problems.items()  # type: ignore[union-attr]
    assert note == ("model.bank.asks", "dbt asks the database to render it.")
    examined = CliRunner().invoke(main, ["doctor", "--project", str(bank.root)])
    assert "no column lineage of asks: dbt asks the database to render it." in examined.output


def test_keys_are_those_of_the_definitions(bank: DgProject) -> None:
    translation = {"key": "dwh/{{ node.resource_type }}/{{ node.name }}"}
    found = before_a_run(load(bank, translation=translation))
    assert found["dwh/model/payments"]["amount"] == "dwh/source/payments.amount"
    assert found["dwh/model/balances"]["owner"] == "dwh/seed/accounts.owner"


@pytest.mark.server
@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_a_run_reports_the_lineage_of_what_it_built(
    kind: str, dg_project: DgProject, request: pytest.FixtureRequest
) -> None:
    database: Database
    if kind == "postgres":
        database = request.getfixturevalue("postgres")
        database.clear()
    else:
        database = DuckDatabase(dg_project.root / "database")
    write_project(dg_project.root / "bank", database)
    defs = load(dg_project)
    expected = {**BY_HAND, "asks": {"answer_1": "balances.balance"}}
    for _ in range(2):  # the second one renders the incremental model's condition
        outcome = run(defs)
        assert outcome.success, outcome.failure
        assert after_a_run(outcome.metadata) == expected
        assert "dagster/column_schema" not in outcome.metadata["balances"]


@pytest.mark.slow
@pytest.mark.server
def test_a_run_of_one_model_knows_the_columns_of_what_it_reads(bank: DgProject) -> None:
    defs = load(bank)
    assert run(defs).success
    (bank.root / "bank" / "models" / "everyone.sql").write_text(
        "select * from {{ ref('balances') }} cross join {{ source('raw', 'payments') }}"
    )
    defs = load(bank)
    everyone = dg.AssetSelection.assets("everyone")
    outcome = run(defs, everyone)
    assert outcome.success, outcome.failure
    found = after_a_run(outcome.metadata)["everyone"]
    assert found["owner"] == "balances.owner" and found["id"] == "raw/payments.id"
    # The source is not documented, so nothing is known of the star before.
    assert "id" not in before_a_run(defs)["everyone"]


@pytest.mark.server
def test_columns_of_sources_come_from_the_database_on_request(bank: DgProject) -> None:
    star = "select * from {{ ref('balances') }} cross join {{ source('raw', 'payments') }}"
    (bank.root / "bank" / "models" / "everyone.sql").write_text(star)
    run(load(bank))
    assert "id" not in before_a_run(load(bank))["everyone"]
    defs = load(bank, column_lineage={"columns_from": "database"})
    assert before_a_run(defs)["everyone"]["id"] == "raw/payments.id"
    assert state_of(bank).lineage_columns_from == "database"


def test_documented_columns_are_enough(bank: DgProject) -> None:
    folder = bank.root / "bank" / "models"
    star = "select * from {{ ref('balances') }} cross join {{ source('raw', 'payments') }}"
    (folder / "everyone.sql").write_text(star)
    (folder / "schema.yml").write_text(
        textwrap.dedent(FILES["models/schema.yml"]).replace(
            "{name: payments}", "{name: payments, columns: [{name: id}, {name: amount}]}"
        )
    )
    found = before_a_run(load(bank))["everyone"]
    assert found["id"] == "raw/payments.id" and found["amount"] == "raw/payments.amount"


@pytest.mark.slow
def test_only_what_may_have_changed_is_traced_again(
    bank: DgProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    traced: list[str] = []

    def spy(sql: str, **given: Any) -> Any:
        traced.append(given["own"].unique_id.rpartition(".")[2])
        return trace_query(sql, **given)

    monkeypatch.setattr(tracer, "trace_query", spy)
    load(bank)
    assert sorted(traced) == ["balances", "everyone", "history", "payments", "ranked"]
    traced.clear()
    model = bank.root / "bank" / "models" / "payments.sql"
    model.write_text(model.read_text().replace("/ 100.0", "/ 1000.0"))
    defs = load(bank)
    assert traced == ["payments"]  # its columns are the same, so nothing changes downstream
    assert before_a_run(defs) == BY_HAND
    traced.clear()
    model.write_text(model.read_text().replace("as amount", "as amount, 1 as one"))
    load(bank)
    assert sorted(traced) == ["balances", "payments"]
    traced.clear()
    ephemeral = bank.root / "bank" / "models" / "recent.sql"
    ephemeral.write_text(ephemeral.read_text().replace(" owner ", " id as owner "))
    defs = load(bank)
    assert traced == ["balances"]
    assert before_a_run(defs)["balances"]["owner"] == "accounts.id"


def test_nothing_is_traced_or_kept_if_it_is_not_wanted(
    bank: DgProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracer, "trace_query", None)
    defs = load(bank, include_metadata=["row_count"])
    assert before_a_run(defs) == {}
    state = state_of(bank)
    assert state.lineage is None and "lineage.msgpack" not in state.header.parts


def test_asking_for_it_later_refreshes_the_state(bank: DgProject) -> None:
    load(bank, include_metadata=[])
    assert before_a_run(load(bank)) == BY_HAND
    written = state_of(bank).header.state_id
    load(bank)
    assert state_of(bank).header.state_id == written


def test_settings_that_can_not_work_are_refused(
    bank: DgProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def problem() -> str:
        with pytest.raises(Exception) as caught:
            bank.load()
        return "".join(traceback.format_exception(caught.value))

    write(bank, include_metadata=["row_count"], column_lineage={"columns_from": "database"})
    assert "`include_metadata` does not list `column_lineage`" in problem()
    write(bank, column_lineage={"columns_from": "nowhere"})
    assert "'documentation' or 'database'" in problem()
    monkeypatch.setattr("dbt_component.lineage.requirement.has_sqlglot", lambda: False)
    write(bank)
    assert "needs the package sqlglot" in problem() and "dbt-component[lineage]" in problem()
    with pytest.raises(DefinitionError, match=r"'warehouse'(?s:.*)'documentation', 'database'"):
        DagsterDbtProjectPreparer(column_lineage="warehouse")  # type: ignore[arg-type]
    with pytest.raises(LineageError, match="DagsterDbtProjectPreparer"):
        DagsterDbtProjectPreparer(column_lineage="documentation")


def test_a_dbt_that_is_driven_by_its_command_line_gives_none_and_says_so(
    bank: DgProject, caplog: pytest.LogCaptureFixture
) -> None:
    wrapper = bank.root / "dbt-wrapper"
    wrapper.write_text('#!/bin/sh\nexec dbt "$@"\n')
    wrapper.chmod(0o755)
    folder = "{{ context.project_root }}/bank"
    bank.write_component(
        project={"project_dir": folder, "dbt_executable": str(wrapper)},
        include_metadata=["column_lineage"],
    )
    bank.refresh()
    assert "There is no column lineage" in caplog.text
    assert before_a_run(bank.load()) == {}
    written = state_of(bank).written_at
    bank.refresh()
    assert state_of(bank).written_at == written


@pytest.mark.server
def test_the_decorator_shows_the_same(bank: DgProject) -> None:
    project = DbtProject(
        bank.root / "bank", preparer=DagsterDbtProjectPreparer(column_lineage="documentation")
    )
    project.preparer.prepare(project)

    @dbt_assets(manifest=project)
    def assets(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Any:
        yield from dbt.cli(["build"], context=context).stream().fetch_column_metadata()

    defs = dg.Definitions(assets=[assets], resources={"dbt": DbtCliResource(project_dir=project)})
    assert before_a_run(defs) == BY_HAND
    outcome = run(defs)
    assert outcome.success, outcome.failure
    assert {n: f for n, f in after_a_run(outcome.metadata).items() if n in BY_HAND} == BY_HAND
    assert "dagster/column_schema" in outcome.metadata["balances"]


@pytest.mark.server
def test_a_query_that_is_not_understood_fails_nothing_and_is_named_once(
    bank: DgProject, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = bank.root / "bank" / "models"
    for name in ("one", "two"):
        (folder / f"{name}.sql").write_text(
            "{{ config(materialized='table') }} pivot {{ source('raw', 'payments') }} on id using sum(amount)"
        )
    outcome = run(load(bank), dg.AssetSelection.assets("one", "two"))
    assert outcome.success and sorted(outcome.materialized) == ["one", "two"]
    assert KEY not in outcome.metadata["one"]
    log = capfd.readouterr().err
    assert log.count("No column lineage for ") == 1 and "not one query, but PIVOT" in log


def test_every_column_of_the_example_is_as_in_the_table_written_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGHOST": "nowhere", "PGPORT": "1"}.items():
        monkeypatch.setenv(name, value)  # dbt reads them, and connects to nothing
    table = yaml.safe_load((Path(__file__).parent / "example_lineage.yaml").read_text())
    example = Path(__file__).parents[2] / "example_project" / "transform"
    shutil.copytree(example, tmp_path / "transform", ignore=shutil.ignore_patterns("target"))
    request = RefreshRequest(tmp_path / "state", lineage="documentation")
    refresh_from_folder(DbtProject(tmp_path / "transform"), request)
    state = StateFile(tmp_path / "state")
    names = {node.unique_id: node.name for node in state.index.nodes}
    assert state.lineage is not None and state.lineage.problems == {}
    found = {
        names[unique_id]: {
            column: {f"{names[parent.unique_id]}.{parent.column}" for parent in parents}
            for column, parents in node.lineage.columns.items()
        }
        for unique_id, node in state.lineage.nodes.items()
        if node.lineage is not None
    }
    assert found == {
        name: {column: set(origins.split()) for column, origins in columns.items()}
        for name, columns in table.items()
    }


@pytest.mark.server
def test_a_run_traces_only_what_the_state_does_not_know(
    bank: DgProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = bank.root / "bank" / "models"
    (folder / "schema.yml").write_text(
        textwrap.dedent(FILES["models/schema.yml"]).replace(
            "{name: payments}",
            "{name: payments, columns: [{name: id}, {name: account_id}, {name: amount}]}",
        )
    )
    defs = load(bank)
    traced: list[str] = []

    def spy(sql: str, **given: Any) -> Any:
        traced.append(given["own"].unique_id.rpartition(".")[2])
        return trace_query(sql, **given)

    monkeypatch.setattr(built_lineage, "trace_query", spy)
    outcome = run(defs)
    assert outcome.success, outcome.failure
    assert after_a_run(outcome.metadata) == {**BY_HAND, "asks": {"answer_1": "balances.balance"}}
    # A query that asks the database was not known; dbt adds columns to a snapshot that its query does not have.
    assert sorted(traced) == ["asks", "history"]
