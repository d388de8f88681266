"""The methods of dbt's selection syntax that compare with artifacts of another run, such as ``state:modified``."""

import re

from dbt_component.selection.criteria import SelectionCriteria

_FILES = {"state": "manifest.json", "result": "run_results.json", "source_status": "sources.json"}
_NAMES = "|".join(_FILES)
_IN_TEXT = re.compile(rf"(?<![\w.:])({_NAMES})(?:\.[\w.]*)?:")
_WORD = re.compile(rf"\b({_NAMES})\b")


def may_compare(criteria: SelectionCriteria) -> bool:
    """Whether a selection compares with other artifacts; a selector of selectors.yml may."""
    return bool(criteria.selector or compared_files(criteria))


def compared_files(criteria: SelectionCriteria, *, selectors: str = "") -> frozenset[str]:
    """Names of the artifacts that dbt needs in ``--state`` to resolve a selection; empty if it needs none.

    Args:
        criteria: The selection.
        selectors: The text of the project's selectors.yml. If the selection names a selector, any word in the text
            that is the name of such a method counts.
    """
    found = _IN_TEXT.findall(f"{criteria.select} {criteria.exclude}")
    if criteria.selector:
        found += _WORD.findall(selectors)
    return frozenset(_FILES[name] for name in found)
