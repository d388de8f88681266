"""The selections that Python definitions have asked dbt for, kept beside the state of their project."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from dbt_component.project.temporary import replace_file
from dbt_component.selection.criteria import SelectionCriteria

_NAME = "dbt_component.selections.json"
_MAX_KEPT = 100


class _Asked(msgspec.Struct, frozen=True):
    criteria: SelectionCriteria
    input_digest: str
    ids: list[str]


_decoder = msgspec.json.Decoder(list[_Asked])


@dataclass(frozen=True)
class AskedSelections:
    """The latest answers, and thereby what the next preparation should resolve while dbt is running anyway.

    Two processes that record at once may lose an answer, which costs another question to dbt.

    Args:
        path: The file. It need not exist, and it may be in a folder that can't be written.
    """

    path: Path

    @classmethod
    def beside(cls, state_path: Path) -> "AskedSelections":
        return cls(state_path.with_name(_NAME))

    def criteria(self) -> Sequence[SelectionCriteria]:
        """Every selection that was asked for, whatever the inputs were."""
        return [asked.criteria for asked in self._read()]

    def find(self, criteria: SelectionCriteria, input_digest: str) -> list[str] | None:
        """dbt's answer for these inputs; ``None`` if it is not known."""
        for asked in self._read():
            if asked.criteria == criteria and asked.input_digest == input_digest:
                return asked.ids
        return None

    def record(self, criteria: SelectionCriteria, input_digest: str, ids: list[str]) -> None:
        """Keeps an answer, if the folder can be written."""
        others = [asked for asked in self._read() if asked.criteria != criteria]
        kept = [*others, _Asked(criteria, input_digest, ids)][-_MAX_KEPT:]
        with contextlib.suppress(OSError):
            replace_file(self.path, lambda file: file.write(msgspec.json.encode(kept)))

    def announce(self, criteria: SelectionCriteria) -> None:
        """Adds a selection that the next preparation should resolve, unless it was asked for before."""
        if not criteria.is_everything and criteria not in self.criteria():
            with contextlib.suppress(OSError):
                self.path.parent.mkdir(parents=True, exist_ok=True)
            self.record(criteria, "", [])  # no inputs have this digest, so this is never an answer

    def forget(self) -> None:
        """Removes the file."""
        with contextlib.suppress(OSError):
            self.path.unlink()

    def _read(self) -> list[_Asked]:
        try:
            return _decoder.decode(self.path.read_bytes())
        except (OSError, msgspec.DecodeError):
            return []
