"""Qualifies columns of queries that read from one source alone, whose columns sqlglot may not know."""

from collections.abc import Iterator
from typing import Any

from dbt_component.lineage.renamed_tables import RenamedTables


def qualify_single_sources(query: Any, tables: RenamedTables) -> None:
    """Writes the source before each unqualified column, where there is no other that it may belong to.

    Not in queries within expressions, which may mean a column of the query around them.

    Args:
        query: The parsed query.
        tables: Its tables.
    """
    from sqlglot import exp

    open_queries = {
        cte.alias_or_name.lower()
        for cte in query.find_all(exp.CTE)
        if isinstance(cte.this, exp.Query) and _is_open(cte.this)
    }
    for select in query.find_all(exp.Select):
        source = only_source(select)
        if source is None or not source.alias_or_name or _is_expression(select):
            continue
        if isinstance(source, exp.Table):
            table = tables.find(source.name)
            is_open = source.name.lower() in open_queries if table is None else not table.columns
        else:
            is_open = _is_open(source.this)
        if not is_open:
            continue
        aliases = {s.alias.lower() for s in select.selects if isinstance(s, exp.Alias)}
        for column in _columns_of(select):
            if not column.table and column.name.lower() not in aliases - {_alias_around(column)}:
                column.set("table", exp.to_identifier(source.alias_or_name, quoted=True))


def only_source(select: Any) -> Any:
    """The table or query that a `select` reads if it reads one alone, else ``None``."""
    from sqlglot import exp

    clause = select.args.get("from_")
    if clause is None or any(select.args.get(key) for key in ("joins", "laterals", "pivots")):
        return None
    source = clause.this
    if not isinstance(source, (exp.Table, exp.Subquery)) or source.args.get("pivots"):
        return None
    return source


def _is_open(query: Any) -> bool:
    from sqlglot import exp

    return isinstance(query, exp.Query) and any(s.is_star for s in query.selects)


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
