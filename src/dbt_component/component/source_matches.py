"""Which sources of dbt projects are tables that assets of other dbt components make, as Dagster will find."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from dbt_component.component.loaded import Loaded
from dbt_component.definitions.known_metadata import table_name_in
from dbt_component.definitions.listing import listed


@dataclass(frozen=True)
class SourceTable:
    """A source that assets of a component read, with its final key and its table in the database."""

    name: str
    key: dg.AssetKey
    table: str
    shown_table: str


@dataclass(frozen=True)
class Tables:
    """The tables that a component makes, and those that it reads as sources.

    Args:
        component: The key of its state.
        made: The asset of each table.
        sources: The sources that Dagster compares with assets.
    """

    component: str
    made: Mapping[str, dg.AssetKey]
    sources: Sequence[SourceTable]

    @classmethod
    def of(cls, component: str, loaded: Loaded) -> "Tables":
        """The tables in a component's state; starts no process and asks no database."""
        specs = loaded.specs
        made = {
            table: spec.key
            for spec in specs.asset_specs
            if (table := table_name_in(spec.metadata)) is not None
        }
        return cls(component, made, list(_sources(loaded)))


def describe_matches(components: Sequence[Tables]) -> dict[str, list[str]]:
    """Describes each source that is an asset of a dbt component, or almost, by the component that reads it."""
    makers: dict[str, list[tuple[Tables, dg.AssetKey]]] = {}
    for tables in components:
        for table, key in tables.made.items():
            makers.setdefault(table, []).append((tables, key))
    owners = {key: tables for tables in components for key in tables.made.values()}
    return {
        tables.component: [
            line
            for source in tables.sources
            if (line := _describe(source, makers, owners)) is not None
        ]
        for tables in components
    }


def _sources(loaded: Loaded) -> Iterator[SourceTable]:
    if not loaded.rules.settings.enable_source_metadata:
        return
    specs = loaded.specs
    assets = [specs.index.node_by_id[unique_id] for unique_id in specs.node_map.asset_ids.values()]
    found = {
        parent.unique_id: parent
        for node in assets
        for parent in specs.index.upstream_assets(node)
        if parent.is_source
    }
    for unique_id in sorted(found):
        node, spec = found[unique_id], specs.view.final_spec(unique_id)
        table = table_name_in(spec.metadata)
        if table is not None:
            name = f"{node.source_name}.{node.name}"
            yield SourceTable(name, spec.key, table, node.relation_name or table)


def _describe(
    source: SourceTable,
    makers: Mapping[str, Sequence[tuple[Tables, dg.AssetKey]]],
    owners: Mapping[dg.AssetKey, Tables],
) -> str | None:
    shown = f"source {source.name} (table {source.shown_table})"
    if source.key in owners:  # Dagster compares keys first
        return f"{shown} is asset {source.key.to_user_string()} of {owners[source.key].component}"
    found = makers.get(source.table, ())
    if len(found) == 1:
        return f"{shown} is made by {_named(found)}"
    if found:
        return f"{shown} is made by several assets, which Dagster refuses: {_named(found)}"
    name = source.table.rpartition(".")[2].lower()
    near = [
        f"{table} by {_named(made)}"
        for table, made in makers.items()
        if table.rpartition(".")[2].lower() == name
    ]
    if not near:
        return None
    return f"{shown} is made by no dbt asset. Of the same name: {listed(near)}"


def _named(found: Iterable[tuple[Tables, dg.AssetKey]]) -> str:
    return ", ".join(f"asset {key.to_user_string()} of {tables.component}" for tables, key in found)
