"""The newest run whose manifest.json turned out to say the same as the state: remembered on this machine."""

import hashlib
from dataclasses import dataclass

import msgspec

from dbt_component.cloud.place import Place
from dbt_component.project.cache import cache_folder
from dbt_component.project.temporary import replace_file


class _Known(msgspec.Struct, frozen=True):
    run_id: int
    manifest: str


@dataclass(frozen=True)
class EqualRun:
    """A state does not change for a run that says nothing new, so it does not name that run.

    Args:
        place: The environment.
    """

    place: Place

    def is_known(self, run_id: int, manifest: str | None) -> bool:
        """Whether the run is known to have this manifest.

        Args:
            run_id: The run.
            manifest: The digest of the manifest.
        """
        path = cache_folder("platform") / self._name
        try:
            found = msgspec.json.decode(path.read_bytes(), type=_Known)
        except (OSError, msgspec.DecodeError):
            return False
        return (found.run_id, found.manifest) == (run_id, manifest)

    def remember(self, run_id: int, manifest: str) -> None:
        """Replaces what was known before."""
        known = msgspec.json.encode(_Known(run_id, manifest))
        replace_file(cache_folder("platform") / self._name, lambda file: file.write(known))

    @property
    def _name(self) -> str:
        return f"{hashlib.sha256(self.place.identity.encode()).hexdigest()[:16]}.json"
