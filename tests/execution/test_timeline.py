"""A run's timeline: drawn on request, compared with earlier runs, and used to order the next one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import dagster as dg
import pytest
import yaml

from dbt_component import DbtCliResource, DbtProject, dbt_assets
from dbt_component.errors import DagsterDbtError
from tests.dg_project import DgProject, RunOutcome, run
from tests.equivalence.databases import DuckDatabase
from tests.sleeping_project import SleepingProject

LINKS = [f"link_{number}" for number in range(4)]
SHORTS = [f"alone_{number:02}" for number in range(12)]


@pytest.fixture(autouse=True)
def _own_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Durations are kept by the name of the project, which other tests share."""
    monkeypatch.setenv("DBT_COMPONENT_CACHE_DIR", str(tmp_path / "cache"))


def asleep(seconds: float, parent: str | None = None) -> str:
    source = f"{{{{ ref('{parent}') }}}}" if parent else "(select 1 as id) as one"
    return f"{{{{ config(materialized='table') }}}} select id from {source}, pg_sleep({seconds})"


@pytest.fixture
def chain(sleeping: SleepingProject) -> SleepingProject:
    """Four models that wait for each other, among twelve that wait for nothing, on two threads."""
    parents = [None, *LINKS]
    links = {f"models/{n}.sql": asleep(0.4, p) for n, p in zip(LINKS, parents, strict=False)}
    sleeping.write({**links, **{f"models/{name}.sql": asleep(0.2) for name in SHORTS}})
    return sleeping


def run_and_log(
    defs: dg.Definitions, selection: dg.AssetSelection | None = None
) -> tuple[RunOutcome, dict[str, Any]]:
    """Runs everything; the timeline in the run's log, empty if there is none."""
    with dg.DagsterInstance.ephemeral() as instance:
        outcome = run(defs, selection, instance=instance)
        (record,) = instance.get_run_records()
        found: dict[str, Any] = {}
        for entry in instance.all_logs(record.dagster_run.run_id):
            event = entry.dagster_event
            if event is not None and (event.message or "").startswith("Timeline: "):
                assert found == {}
                found = {"message": event.message, **event.engine_event_data.metadata}
        return outcome, found


def build(project: SleepingProject, *, draws: bool = True) -> dict[str, Any]:
    opened = DbtProject(project.folder)
    opened.preparer.prepare(opened)

    @dbt_assets(manifest=opened, name="chain")
    def assets(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        events = dbt.cli(["build"], context=context).stream()
        yield from events.draw_timeline() if draws else events

    resources = {"dbt": DbtCliResource(project_dir=opened)}
    outcome, timeline = run_and_log(dg.Definitions(assets=[assets], resources=resources))
    assert outcome.success, outcome.failure
    return timeline


def starts_in(folder: Path) -> dict[str, str]:
    """When each model was started, as dbt recorded it."""
    results = json.loads((folder / "run_results.json").read_text())["results"]
    return {
        r["unique_id"].rpartition(".")[2]: next(
            t["started_at"] for t in r["timing"] if t["name"] == "execute"
        )
        for r in results
    }


@pytest.mark.server
def test_the_next_run_starts_the_longest_chain_first_and_is_compared_with_this_one(
    chain: SleepingProject,
) -> None:
    first = build(chain)
    folder = Path(first["timeline_file"].value).parent
    starts = starts_in(folder)
    # dbt queues all models that wait for nothing before the second link is ready.
    assert max(starts[name] for name in SHORTS) < starts[LINKS[1]]
    assert "usually" not in (folder / "timeline.svg").read_text()
    assert all(f"| {name} | " in first["critical_path"].value for name in LINKS[1:])

    second = build(chain)
    folder = Path(second["timeline_file"].value).parent
    starts = starts_in(folder)
    assert starts[LINKS[3]] < max(starts[name] for name in SHORTS)
    picture = (folder / "timeline.svg").read_text()
    assert picture.count("usually") == len(LINKS) + len(SHORTS)
    assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert second["message"].startswith("Timeline: 16 nodes in ")
    assert "2 threads" in second["message"]
    assert second["timeline"].value.startswith("![timeline](data:image/svg+xml;base64,")


@pytest.mark.server
def test_a_timeline_is_drawn_only_on_request_and_learned_from_always(
    chain: SleepingProject,
) -> None:
    assert build(chain, draws=False) == {}
    drawn = build(chain)
    assert "usually" in Path(drawn["timeline_file"].value).read_text()


@pytest.mark.slow
@pytest.mark.server
def test_a_failed_run_has_one_too_and_teaches_nothing_about_what_failed(
    dg_project: DgProject,
) -> None:
    folder = dg_project.root / "shop"
    (folder / "models" / "staging" / "stg_orders.sql").write_text("select 1 as order_id, nothing")
    dg_project.write_component(include_metadata=["timeline"])
    dg_project.refresh()
    defs = dg_project.load()
    outcome, timeline = run_and_log(defs)
    assert not outcome.success
    drawn = Path(timeline["timeline_file"].value).read_text()
    assert "stg_orders (model)" in drawn and "Skipped" in drawn
    (folder / "models" / "staging" / "stg_orders.sql").write_text(
        "select id as order_id, customer_id, amount, ordered_at as ordered_on"
        " from {{ ref('raw_orders') }}"
    )
    dg_project.refresh()
    _, timeline = run_and_log(dg_project.load())
    drawn = Path(timeline["timeline_file"].value).read_text()
    titles = {text.partition(" (")[0]: text for text in texts_of(drawn)}
    assert "usually" in titles["stg_customers"]
    assert "usually" not in titles["stg_orders"]


def texts_of(picture: str) -> list[str]:
    root = ElementTree.fromstring(picture)
    return [element.text or "" for element in root.iter() if element.tag.endswith("title")]


@pytest.mark.server
def test_a_picture_that_can_not_be_written_fails_nothing(
    dg_project: DgProject, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    write = Path.write_text

    def full(self: Path, *args: Any, **given: Any) -> int:
        if self.name == "timeline.svg":
            raise OSError(28, "No space left on device")
        return write(self, *args, **given)

    dg_project.write_component(include_metadata=["timeline"])
    dg_project.refresh()
    defs = dg_project.load()
    monkeypatch.setattr(Path, "write_text", full)
    outcome, timeline = run_and_log(defs, dg.AssetSelection.assets("raw_orders"))
    assert outcome.success
    assert "timeline" in timeline and "timeline_file" not in timeline
    assert "The timeline can't be written" in capfd.readouterr().err


@pytest.mark.server
def test_a_command_outside_of_dbt_definitions_has_none(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    output = DuckDatabase(tmp_path / "database").output()
    profile = {"shop": {"target": "dev", "outputs": {"dev": output}}}
    (tmp_path / "profiles.yml").write_text(yaml.safe_dump(profile))
    (tmp_path / "dbt_project.yml").write_text("{name: shop, profile: shop, version: '1.0'}")
    dbt = DbtCliResource(project_dir=str(tmp_path))
    command = dbt.cli(["parse"])
    with pytest.raises(DagsterDbtError, match="outside of them"):
        command.stream().draw_timeline()
    command.wait()
