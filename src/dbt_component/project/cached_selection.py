"""dbt's answers to selections, cached on this machine."""

import hashlib
import json
from collections.abc import Callable

from dbt_component.project.cache import cache_folder
from dbt_component.project.temporary import replace_file


def cached_selection(identity: str, ask: Callable[[], list[str]]) -> list[str]:
    """The unique ids of a selection, from the cache if possible.

    Args:
        identity: Text that is equal only if dbt's answer is.
        ask: Asks dbt; its error is raised and nothing is cached.
    """
    name = hashlib.sha256(identity.encode()).hexdigest()[:32]
    path = cache_folder("selections") / f"{name}.json"
    try:
        return list(json.loads(path.read_text()))
    except (OSError, ValueError):
        pass
    ids = ask()
    replace_file(path, lambda file: file.write(json.dumps(ids).encode()))
    return ids
