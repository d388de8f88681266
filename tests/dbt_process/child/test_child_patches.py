"""The child's patches to dbt do not change dbt's results."""

import json
import os
import signal
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dbt.adapters.base.impl import BaseAdapter
from dbt.adapters.base.relation import BaseRelation
from dbt.adapters.postgres.relation import PostgresRelation
from dbt_common.clients import system
from hypothesis import given
from hypothesis import strategies as st

from dbt_component.dbt_process.child import child_patches
from tests.sleeping_project import IN_A_MODEL, SleepingProject

NAMES = st.sampled_from(["orders", "Orders", "ORDERS", '"orders"', '"Orders"', "order", "none", ""])


def _outcome(match: Any, adapter: Any, relations: list[Any], search: tuple[str, ...]) -> Any:
    try:
        return match(adapter, relations, *search)
    except Exception as error:
        return type(error), str(error)


@given(
    relation_class=st.sampled_from([BaseRelation, PostgresRelation]),
    names=st.lists(st.tuples(NAMES, st.booleans(), st.booleans()), max_size=6),
    wanted=NAMES,
    schema=st.sampled_from(["main", "Main", "other"]),
    is_quoted=st.booleans(),
)
def test_the_same_relation_is_found_as_without_the_patch(
    relation_class: Any,
    names: list[tuple[str, bool, bool]],
    wanted: str,
    schema: str,
    is_quoted: bool,
) -> None:
    quoting = dict.fromkeys(["database", "schema", "identifier"], is_quoted)
    relations = [
        relation_class.create(
            database="db",
            schema="main",
            identifier=name or None,
            quote_policy=dict.fromkeys(["database", "schema", "identifier"], quoted),
            dbt_created=created,
        )
        for name, quoted, created in names
    ]
    adapter = SimpleNamespace(Relation=relation_class, config=SimpleNamespace(quoting=quoting))
    adapter._make_match_kwargs = lambda *search: BaseAdapter._make_match_kwargs(adapter, *search)
    original = BaseAdapter._make_match
    try:
        child_patches.compare_relations_of_one_name()
        patched = BaseAdapter._make_match
    finally:
        BaseAdapter._make_match = original
    assert patched is not original
    search = ("db", schema, wanted)
    assert _outcome(patched, adapter, relations, search) == _outcome(
        original, adapter, relations, search
    )


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.decimals(allow_nan=False)
    | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers() | st.none(), inner),
    max_leaves=20,
)


@given(value=st.dictionaries(st.text(), _JSON))
def test_the_same_json_is_written_as_without_the_patch(value: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made" / "file.json"
        assert system.write_json(str(path), value)
        expected = path.read_text()
        original = system.json
        child_patches.write_json_at_once()
        try:
            assert system.json is not original
            assert system.write_json(str(path), value)
        finally:
            system.json = original
        assert path.read_text() == expected


@pytest.mark.reliability(
    "Killed and stopped processes",
    tried="SIGKILL to dbt in the middle of a query on PostgreSQL, as the kernel does if memory runs out",
    outcome="the server ends the query within ten seconds",
)
@pytest.mark.server
def test_postgres_ends_the_query_of_a_dbt_that_was_killed(
    sleeping: SleepingProject, tmp_path: Path
) -> None:
    sleeping.write(IN_A_MODEL)
    with sleeping.start(target=tmp_path / "target") as process:
        os.kill(process.pid, signal.SIGKILL)
        assert sleeping.has_no_query_within(10)


class Handle:
    """A connection as psycopg2 makes them, to a server that may refuse the statement."""

    def __init__(self, error: Exception | None) -> None:
        self.autocommit = False
        self.statements: list[str] = []
        self._error = error

    def commit(self) -> None:
        self.statements.append("commit")

    def cursor(self) -> "Handle":
        return self

    def execute(self, statement: str) -> None:
        assert self.autocommit
        self.statements.append(statement)
        if self._error is not None:
            raise self._error


@pytest.mark.parametrize("error", [None, RuntimeError("no such setting")])
def test_a_server_that_can_not_watch_its_clients_is_used_as_it_is(error: Exception | None) -> None:
    handle = Handle(error)
    child_patches._set_lost_client_check(handle)
    assert not handle.autocommit
    assert len(handle.statements) == 2


def test_only_known_nodes_of_another_manifest_are_decoded(tmp_path: Path) -> None:
    from dbt.artifacts.schemas.manifest import WritableManifest
    from dbt.contracts.state import PreviousState

    content = {
        "metadata": {"dbt_schema_version": str(WritableManifest.dbt_schema_version)},
        "nodes": {"model.shop.unknown": "can't be decoded"},
        "macros": {"macro.shop.any": "can't be decoded either"},
        "child_map": {"model.shop.unknown": []},
    }
    content |= {name: {} for name in WritableManifest.__dataclass_fields__ if name not in content}
    (tmp_path / "manifest.json").write_text(json.dumps(content))
    original = WritableManifest.upgrade_schema_version
    try:
        child_patches.read_only_known_nodes(SimpleNamespace(nodes={"model.shop.known": None}))
        state = PreviousState(tmp_path, tmp_path / "target", tmp_path)
    finally:
        WritableManifest.upgrade_schema_version = original
    assert state.manifest is not None
    assert (state.manifest.nodes, state.manifest.macros) == ({}, {})
