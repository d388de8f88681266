"""The cache folder of this machine and user: locks, unpacked projects, scratch folders of runs."""

import os
import tempfile
from pathlib import Path


def cache_folder(name: str) -> Path:
    """Returns a writable folder ``name`` within the cache, made if need be.

    The cache lies in ``DBT_COMPONENT_CACHE_DIR``, else ``XDG_CACHE_HOME``, else ``~/.cache``; where none
    can be written (a read-only home), in the system's folder for temporary files.
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
