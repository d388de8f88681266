"""The scratch folder of one dbt command, with a target folder for each of its attempts."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dbt_component.errors import RunFolderError
from dbt_component.project.cache import cache_folder

KEEP_SECONDS = 3 * 24 * 3600


@dataclass(frozen=True)
class RunFolder:
    """The target folders of one command. ``first`` is that of the first attempt; others lie beside it."""

    first: Path

    @classmethod
    def create(cls, name: str) -> "RunFolder":
        """Creates a folder in the cache and removes folders older than three days.

        Args:
            name: Prefix of the folder's name.
        """
        runs = cache_folder("runs")
        _remove_old(runs)
        return cls(Path(tempfile.mkdtemp(dir=runs, prefix=f"{name}-")) / "target")

    def target_path(self, attempt: int) -> Path:
        """The target folder of an attempt; attempts are numbered from 1."""
        return self.first if attempt == 1 else self.first.with_name(f"{self.first.name}-{attempt}")


@contextmanager
def naming_run_folder(path: Path) -> Iterator[None]:
    """Turns an error of writing in a target folder into one with its place and a remedy.

    Raises:
        RunFolderError: The disk is full or read-only.
    """
    try:
        yield
    except OSError as error:
        raise RunFolderError(
            f"The folder of this dbt run can't be written: {error.strerror or error}.",
            where=str(path),
            hint="Free space there, or set DBT_COMPONENT_CACHE_DIR to a folder on another disk.",
        ) from error


def _remove_old(folder: Path) -> None:
    limit = time.time() - KEEP_SECONDS
    for entry in folder.iterdir():
        try:
            if entry.stat().st_mtime < limit:
                shutil.rmtree(entry, ignore_errors=True)
        except OSError:
            continue
