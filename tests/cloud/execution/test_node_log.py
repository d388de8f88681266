"""Ends of nodes in dbt's debug log, compared with the results that the same command wrote."""

import random
from pathlib import Path

import pytest

from dbt_component.cloud.execution.node_log import NodeLog
from dbt_component.cloud.execution.run_results import read_run_results
from dbt_component.dbt_process.child.child_pipe import plain
from dbt_component.dbt_process.events import NodeFinished
from tests.cloud.execution.troubled_project import FinishedCommand

SAMPLES = Path(__file__).parents[2] / "dbt_platform" / "samples"


def essence(finished: NodeFinished) -> tuple[object, ...]:
    return (finished.unique_id, finished.status, finished.failures, finished.thread)


@pytest.fixture(scope="module")
def truth(troubled_build: FinishedCommand) -> dict[str, NodeFinished]:
    return {n.unique_id: n for n in read_run_results(troubled_build.run_results).nodes}


def test_the_log_tells_of_every_node_what_the_results_tell(
    troubled_build: FinishedCommand, truth: dict[str, NodeFinished]
) -> None:
    log = NodeLog()
    found = log.read(troubled_build.log)
    assert {essence(n) for n in found} == {essence(n) for n in truth.values()}
    assert not log.has_gap
    assert {n.invocation_id for n in [*found, *truth.values()]} == {log.invocation_id}
    for node in found:
        known = truth[node.unique_id]
        assert node.execution_time_seconds == pytest.approx(known.execution_time_seconds, abs=0.02)
        if node.status in ("success", "error"):
            assert node.message == known.message
    assert (
        next(n for n in found if n.resource_type == "seed").adapter_response["rows_affected"] == 3
    )


@pytest.mark.parametrize("size", [997, 20_011])
def test_a_log_that_grows_tells_of_each_node_once(
    size: int, troubled_build: FinishedCommand, truth: dict[str, NodeFinished]
) -> None:
    log, text = NodeLog(), troubled_build.log
    found = [n for end in range(0, len(text) + size, size) for n in log.read(text[:end])]
    assert sorted(n.unique_id for n in found) == sorted(truth)
    assert not log.has_gap


def test_only_the_end_of_a_log_is_enough_if_it_is_read_often(
    troubled_build: FinishedCommand, truth: dict[str, NodeFinished]
) -> None:
    log, lines = NodeLog(), troubled_build.log.splitlines(keepends=True)
    found = []
    for end in range(0, len(lines) + 40, 40):
        found += log.read("".join(lines[max(0, end - 100) : end]))
        assert not log.has_gap
    assert sorted(n.unique_id for n in found) == sorted(truth)


def test_a_gap_is_noticed_and_nodes_around_it_are_left_out(
    troubled_build: FinishedCommand, truth: dict[str, NodeFinished]
) -> None:
    lines = troubled_build.log.splitlines(keepends=True)
    ends = [
        n for n, line in enumerate(lines) if "Finished running node model.troubled.orders" in line
    ]
    log = NodeLog()
    found = log.read("".join(lines[: ends[0] - 3]))
    found += log.read("".join(lines[ends[0] :]))
    assert log.has_gap
    assert "model.troubled.orders" not in {n.unique_id for n in found}
    assert {essence(n) for n in found} < {essence(n) for n in truth.values()}


def test_the_front_that_is_cut_off_is_a_gap(troubled_build: FinishedCommand) -> None:
    log = NodeLog()
    log.read("".join(troubled_build.log.splitlines(keepends=True)[50:]))
    assert log.has_gap
    assert log.invocation_id is None


@pytest.mark.parametrize("share", [0, 0.3])
def test_the_whole_log_closes_a_gap(
    share: float, troubled_build: FinishedCommand, truth: dict[str, NodeFinished]
) -> None:
    text = troubled_build.log
    log = NodeLog()
    found = log.read(text[: int(share * len(text))])
    found += log.read("".join(text.splitlines(keepends=True)[-60:]))
    assert log.has_gap
    assert len(found) < len(truth)
    found += log.read(text, is_whole=True)
    assert sorted(n.unique_id for n in found) == sorted(truth)
    assert not log.has_gap
    assert log.invocation_id is not None
    assert log.read("".join(text.splitlines(keepends=True)[-60:])) == []
    assert not log.has_gap


def test_lost_lines_lose_nodes_but_invent_nothing(
    troubled_build: FinishedCommand, truth: dict[str, NodeFinished]
) -> None:
    chance = random.Random(3)
    lines = troubled_build.log.splitlines(keepends=True)
    lost = 0
    for share in (0.02, 0.1, 0.3, 0.6) * 40:
        kept = [line for line in lines if chance.random() > share]
        found = NodeLog().read("".join(kept))
        assert {essence(n) for n in found} <= {essence(n) for n in truth.values()}
        lost += len(truth) - len(found)
    assert lost > 0


def test_the_text_is_the_same_without_colours(
    troubled_build: FinishedCommand, truth: dict[str, NodeFinished]
) -> None:
    text = "\n".join(plain(line) for line in troubled_build.log.splitlines()) + "\n"
    assert {essence(n) for n in NodeLog().read(text)} == {essence(n) for n in truth.values()}


def test_a_line_without_its_end_waits() -> None:
    text = (
        "10:00:00.000001 [debug] [Thread-1 (]: Began running node model.p.a\n"
        "10:00:00.000002 [info ] [Thread-1 (]: 1 of 1 OK created sql table model s.a .... [SELECT 5 in 0.12s]\n"
        "10:00:00.000003 [debug] [Thread-1 (]: Finished running node model.p.a"
    )
    log = NodeLog()
    assert log.read(text) == []
    (found,) = log.read(text + "\n")
    assert (found.message, found.adapter_response) == ("SELECT 5", {"rows_affected": 5})
    assert log.read(text + "\n") == []


def test_models_in_batches_are_left_to_the_results() -> None:
    text = (
        "10:00:00.000001 [debug] [Thread-1 (]: Began running node model.p.a\n"
        "10:00:00.000002 [info ] [Thread-1 (]: 1 of 1 OK created sql microbatch model s.a .... [MERGE in 0.12s]\n"
        "10:00:00.000003 [debug] [Thread-1 (]: Finished running node model.p.a\n"
    )
    assert NodeLog().read(text) == []


@pytest.mark.parametrize("version", ["1.8", "1.9", "1.10", "1.11"])
def test_the_logs_of_other_versions_of_dbt_are_understood(version: str) -> None:
    text = (SAMPLES / f"dbt-{version}-failed.txt").read_text()
    log = NodeLog()
    found = {n.unique_id: n for n in log.read(text)}
    statuses = {i: n.status for i, n in found.items() if not i.startswith("exposure.")}
    assert statuses == {
        "seed.bakery.raw_orders": "success",
        "seed.bakery.raw_products": "success",
        "model.bakery.stg_orders": "success",
        "model.bakery.stg_products": "success",
        "model.bakery.baking": "success",
        "model.bakery.oven": "error",
        "model.bakery.oven_report": "skipped",
        "model.bakery.product_sales": "skipped",
        "test.bakery.amounts_are_high_enough": "fail",
        "test.bakery.not_null_oven_report_products.2bcab43ada": "skipped",
        "test.bakery.not_null_stg_products_product_id.6373b0acf3": "pass",
        "test.bakery.relationships_stg_orders_product_id__product_id__ref_stg_products_.9f9d411d80": "warn",
        "test.bakery.unique_stg_orders_order_id.e3b841c71a": "pass",
        "test.bakery.unique_stg_products_product_id.7d950a1467": "pass",
    }
    assert "oven (models/marts/oven.sql)" in (found["model.bakery.oven"].message or "")
    assert found["test.bakery.amounts_are_high_enough"].failures == 2
    assert log.invocation_id is not None and not log.has_gap


def test_an_exposure_that_dbt_has_nothing_to_do_for_is_done() -> None:
    found = NodeLog().read((SAMPLES / "dbt-1.11-succeeded.txt").read_text())
    assert {n.unique_id: n.status for n in found}["exposure.bakery.counter"] == "no-op"
