"""The op tags that show in Dagster which selection an op was made from."""

from dbt_component.selection.criteria import SelectionCriteria

_PREFIX = "dagster_dbt/"
RESERVED_TAGS = {f"{_PREFIX}{name}": name for name in ("select", "exclude", "selector")}
"""The tags, and the argument or key that sets each."""


def selection_tags(criteria: SelectionCriteria) -> dict[str, str]:
    """The tags of a selection; those of parts that it does not have are left out."""
    return {tag: value for tag, name in RESERVED_TAGS.items() if (value := getattr(criteria, name))}
