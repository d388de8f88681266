"""What counts as a change, by defs.yaml."""

from dataclasses import dataclass, replace
from typing import Literal

UnknownSources = Literal["run", "skip"]
MovedSources = Literal["any", "all"]


@dataclass(frozen=True)
class SkipPolicy:
    """The rules by which nodes are left out.

    Args:
        is_on: Whether runs leave nodes out unless they say otherwise. What is needed to decide later is recorded in
            any case.
        unknown_sources: Whether nodes run that read a source without a known data version.
        sources: Whether a node runs if any of its sources has new data, or only if all of them have.
    """

    is_on: bool = True
    unknown_sources: UnknownSources = "run"
    sources: MovedSources = "any"

    def switched(self, *, is_on: bool) -> "SkipPolicy":
        """The same rules, on or off."""
        return replace(self, is_on=is_on)
