"""What an instance records is read back in few queries, also where runs were killed or are still waiting."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy
from dagster._core.events import (
    AssetMaterializationPlannedData,
    AssetObservationData,
    DagsterEvent,
    DagsterEventType,
)
from dagster._core.events.log import EventLogEntry
from dagster._core.test_utils import create_run_for_test

from dbt_component.execution.event_tags import BUILT_AT, TEST_VERSION, UNCHANGED
from dbt_component.execution.unchanged import event_storage
from dbt_component.execution.unchanged.build_event import build_of, read_build
from dbt_component.execution.unchanged.instance_facts import read_facts
from dbt_component.execution.unchanged.known_facts import InputRead, KnownFacts
from dbt_component.execution.unchanged.step_graph import GraphNode, GraphTest, Kind, StepGraph

VERSION = "a" * 40
A = GraphNode("a", "model.shop.a", Kind.TABLE, "1", ("ext/s",), checks=("a:c",))
B = GraphNode("b", "model.shop.b", Kind.TABLE, "1", ("a",))
GRAPH = StepGraph([A, B], [GraphTest("test.shop.c", "a:c", VERSION, ("a",))])


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as found:
        yield found


@dg.multi_asset(
    specs=[
        dg.AssetSpec("a", deps=[dg.AssetKey(["ext", "s"])], code_version="1"),
        dg.AssetSpec("b", deps=["a"], code_version="1"),
    ],
    check_specs=[dg.AssetCheckSpec("c", asset="a")],
)
def both() -> Iterator[object]:
    yield dg.MaterializeResult("a")
    yield dg.AssetCheckResult(
        asset_key="a", check_name="c", passed=True, metadata={TEST_VERSION: VERSION}
    )
    yield dg.MaterializeResult("b")


def plan(instance: dg.DagsterInstance, *keys: str, status: dg.DagsterRunStatus) -> str:
    """Records that a run plans to build assets, and its status."""
    run = create_run_for_test(instance, job_name="job", status=status)
    for key in keys:
        event = DagsterEvent(
            DagsterEventType.ASSET_MATERIALIZATION_PLANNED.value,
            "job",
            event_specific_data=AssetMaterializationPlannedData(dg.AssetKey(key)),
        )
        instance.report_dagster_event(event, run.run_id)
    return str(run.run_id)


def test_builds_their_inputs_and_checks_are_read(instance: dg.DagsterInstance) -> None:
    assert read_facts(instance, GRAPH) == KnownFacts()
    source = dg.AssetKey(["ext", "s"])
    for tags in ({"dagster/data_version": "v1"}, {}):  # the second one, of a test, has no version
        instance.report_runless_asset_event(dg.AssetObservation(source, tags=tags))
    run = dg.materialize([both], instance=instance)
    facts = read_facts(instance, GRAPH)
    a, b = facts.builds["a"], facts.builds["b"]
    assert (a.run_id, a.code_version, a.has_own_version) == (run.run_id, "1", False)
    assert b.inputs == {"a": InputRead(a.data_version, a.event_id)}
    assert a.built_id == a.moved_id == a.event_id and a.settings is None
    assert facts.observations["ext/s"].data_version == "v1"
    check = facts.checks["a:c"]
    assert check.passed and check.code_version == VERSION and check.run_id == run.run_id
    assert check.ended_at >= a.built_at
    assert facts.unfinished == {}


def test_a_storage_that_is_not_sql_gives_the_same(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = dg.AssetKey(["ext", "s"])
    instance.report_runless_asset_event(
        dg.AssetObservation(source, tags={"dagster/data_version": "v1"})
    )
    dg.materialize([both], instance=instance)
    expected = read_facts(instance, GRAPH)
    monkeypatch.setattr(event_storage, "SqlEventLogStorage", type("Other", (), {}))
    found = read_facts(instance, GRAPH)
    assert found.builds == expected.builds and found.observations == expected.observations
    assert found.checks["a:c"].run_id == expected.checks["a:c"].run_id
    assert found.checks["a:c"].ended_at == pytest.approx(expected.checks["a:c"].ended_at)


def test_the_text_of_an_event_gives_the_build_that_dagster_reads(
    instance: dg.DagsterInstance,
) -> None:
    dg.materialize([both], instance=instance)
    instance.report_runless_asset_event(
        dg.AssetMaterialization("c", tags={UNCHANGED: "1", BUILT_AT: "7.5"})
    )
    instance.report_runless_asset_event(dg.AssetMaterialization("d", partition="2024"))
    keys = [dg.AssetKey(name) for name in "abcd"]
    texts = event_storage.last_materializations(
        instance.event_log_storage, [key.to_string() for key in keys]
    )
    records = {
        record.asset_entry.asset_key: record.asset_entry.last_materialization_record
        for record in instance.get_asset_records(keys)
    }
    for key in keys:
        record = records[key]
        assert record is not None
        assert read_build(texts[key.to_string()]) == build_of(record)
    assert read_build('{"__class__": "AssetMaterialization"}') is None
    assert read_build("") is None


def test_a_wiped_asset_has_no_build_until_it_is_built_again(instance: dg.DagsterInstance) -> None:
    dg.materialize([both], instance=instance)
    instance.wipe_assets([dg.AssetKey("a")])
    assert read_facts(instance, GRAPH).builds.keys() == {"b"}
    again = dg.materialize([both], instance=instance)
    builds = read_facts(instance, GRAPH).builds
    assert {build.run_id for build in builds.values()} == {again.run_id}


def test_an_attempt_that_was_killed_is_unfinished_and_one_that_waits_is_none(
    instance: dg.DagsterInstance,
) -> None:
    dg.materialize([both], instance=instance)
    killed = plan(instance, "b", status=dg.DagsterRunStatus.STARTED)
    plan(instance, "a", "b", status=dg.DagsterRunStatus.NOT_STARTED)
    assert read_facts(instance, GRAPH).unfinished == {"b": killed}
    assert read_facts(instance, GRAPH, run_id=killed).unfinished == {}


def test_a_run_that_found_an_asset_unchanged_is_no_failed_attempt(
    instance: dg.DagsterInstance,
) -> None:
    dg.materialize([both], instance=instance)
    run_id = plan(instance, "a", "b", status=dg.DagsterRunStatus.SUCCESS)
    event = DagsterEvent(
        DagsterEventType.ASSET_OBSERVATION.value,
        "job",
        event_specific_data=AssetObservationData(dg.AssetObservation("a", tags={UNCHANGED: "1"})),
    )
    instance.handle_new_event(
        EventLogEntry(  # type: ignore[no-untyped-call]
            None, 20, "", run_id, timestamp=2e9, dagster_event=event
        )
    )
    assert read_facts(instance, GRAPH).unfinished == {"b": run_id}


def test_the_number_of_queries_does_not_grow_with_the_nodes(instance: dg.DagsterInstance) -> None:
    nodes = [GraphNode(f"n{i}", f"model.shop.n{i}", Kind.TABLE, "1") for i in range(200)]
    for node in nodes:
        instance.report_runless_asset_event(dg.AssetMaterialization(node.key))
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", note)
    try:
        facts = read_facts(instance, StepGraph(nodes))
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", note)
    assert len(facts.builds) == 200
    assert len([s for s in statements if s.lstrip().upper().startswith("SELECT")]) < 10
