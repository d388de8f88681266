"""Qualifies columns of queries that read from a source whose columns sqlglot does not know."""

from collections.abc import Iterator, Mapping
from typing import Any

from dbt_component.lineage.renamed_tables import RenamedTables


def qualify_by_elimination(query: Any, tables: RenamedTables) -> None:
    """Writes the source before each unqualified column that can only be of the one source with unknown columns.

    sqlglot does that for sources with known columns. Columns of queries within expressions stay as they are, since
    they may be of the query around them.

    Args:
        query: The parsed query.
        tables: Its tables.
    """
    from sqlglot import exp

    queries = {
        cte.alias_or_name.lower(): cte.this
        for cte in query.find_all(exp.CTE)
        if isinstance(cte.this, exp.Query)
    }
    for select in query.find_all(exp.Select):
        sources = _sources_of(select)
        if not sources or _is_expression(select):
            continue
        columns = {s.alias_or_name: _columns_in(s, tables, queries) for s in sources}
        unknown = [name for name, known in columns.items() if known is None]
        if len(unknown) != 1 or not unknown[0]:
            continue
        others = {name for known in columns.values() for name in known or ()}
        others |= {s.alias.lower() for s in select.selects if isinstance(s, exp.Alias)}
        for column in _columns_of(select):
            name = column.name.lower()
            if not column.table and (name not in others or name == _alias_around(column)):
                column.set("table", exp.to_identifier(unknown[0], quoted=True))


def _sources_of(select: Any) -> list[Any]:
    """The tables and queries that a `select` reads; empty if there is anything else that columns may be of."""
    from sqlglot import exp

    clause = select.args.get("from_")
    if clause is None or select.args.get("laterals") or select.args.get("pivots"):
        return []
    joins = select.args.get("joins") or []
    sources = [clause.this, *(join.this for join in joins)]
    if any(join.args.get("using") or join.args.get("method") for join in joins):
        return []
    if all(isinstance(s, (exp.Table, exp.Subquery)) and not s.args.get("pivots") for s in sources):
        return sources
    return []


def _columns_in(
    source: Any, tables: RenamedTables, queries: Mapping[str, Any]
) -> frozenset[str] | None:
    """The columns of a source in lower case; ``None`` if they are unknown."""
    from sqlglot import exp

    if isinstance(source, exp.Subquery):
        query = source.this
    else:
        table = tables.find(source.name)
        if table is not None:
            return frozenset(column.lower() for column in table.columns) or None
        query = queries.get(source.name.lower())
    if not isinstance(query, exp.Query) or any(s.is_star for s in query.selects):
        return None
    return frozenset(name.lower() for name in query.named_selects)


def only_source(select: Any) -> Any:
    """The table or query that a `select` reads if it reads one alone, else ``None``."""
    sources = _sources_of(select)
    return sources[0] if len(sources) == 1 else None


def _is_expression(select: Any) -> bool:
    """Whether a query stands in an expression, not in `from`, a common table expression or a union."""
    from sqlglot import exp

    parent = select.parent
    while isinstance(parent, exp.SetOperation):
        parent = parent.parent
    if isinstance(parent, exp.Subquery):
        parent = parent.parent
        return not isinstance(parent, (exp.From, exp.Join)) and parent is not None
    return not (parent is None or isinstance(parent, exp.CTE))


def _columns_of(select: Any) -> Iterator[Any]:
    """The columns in the projections of a query, without those of queries within it."""
    from sqlglot import exp
    from sqlglot.optimizer.scope import walk_in_scope

    for projection in select.selects:
        for found in walk_in_scope(projection):
            if isinstance(found, exp.Column) and not isinstance(found.this, exp.Star):
                yield found


def _alias_around(column: Any) -> str:
    """The alias of the projection that a column is in, which the column can't refer to."""
    from sqlglot import exp

    around = column.find_ancestor(exp.Alias, exp.Select)
    return around.alias.lower() if isinstance(around, exp.Alias) else ""
