"""The user's cache folder on this machine: locks, unpacked projects, scratch folders of runs."""

import os
import tempfile
from pathlib import Path


def cache_folder(name: str) -> Path:
    """Returns a writable folder ``name`` in the cache; creates it if necessary.

    The cache is ``DBT_COMPONENT_CACHE_DIR``, else ``dbt-component`` in ``XDG_CACHE_HOME`` or ``~/.cache``;
    if that is not writable (a read-only home), it is in the system's folder for temporary files.
    """
    places: list[Path] = []
    if os.environ.get("DBT_COMPONENT_CACHE_DIR"):
        places.append(Path(os.environ["DBT_COMPONENT_CACHE_DIR"]))
    else:
        base = os.environ.get("XDG_CACHE_HOME")
        places.append((Path(base) if base else Path.home() / ".cache") / "dbt-component")
    user = os.getuid() if hasattr(os, "getuid") else "user"
    places.append(Path(tempfile.gettempdir()) / f"dbt-component-{user}")
    for place in places:
        folder = place / name
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix=f"dbt-component-{name}-"))
