"""Writes the definitions of named windows where they are used, so that their columns count as in any other window."""

from typing import Any


def inline_named_windows(query: Any) -> None:
    """Replaces each name of a window with what the `window` clause of its `select` says.

    Args:
        query: The parsed query.
    """
    from sqlglot import exp

    for select in query.find_all(exp.Select):
        defined = {window.name.lower(): window for window in select.args.get("windows") or []}
        if not defined:
            continue
        for window in list(select.find_all(exp.Window)):
            definition = defined.get(window.alias.lower()) if window.alias else None
            if definition is None or window.parent is select:
                continue
            for key in ("partition_by", "order", "spec"):
                value = definition.args.get(key)
                if value and not window.args.get(key):
                    copied = [v.copy() for v in value] if isinstance(value, list) else value.copy()
                    window.set(key, copied)
            window.set("alias", None)
        select.set("windows", None)
