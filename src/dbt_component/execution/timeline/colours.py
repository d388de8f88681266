"""The colours of a timeline's picture, for its own light background."""

from dataclasses import dataclass

from dbt_component.execution.timeline.bar import BarKind

INK = "#1b2430"
QUIET = "#5d6878"
LINE = "#dfe3e8"
BAND = "#f4f6f8"
PAPER = "#ffffff"
SLOWER = "#b42318"
FASTER = "#1a7f4b"


@dataclass(frozen=True)
class BarStyle:
    """How nodes of one kind look, and what the legend calls them."""

    label: str
    fill: str
    ink: str


BAR_STYLES: dict[BarKind, BarStyle] = {
    "built": BarStyle("Built", "#3f74c7", "#ffffff"),
    "passed": BarStyle("Test passed", "#9fd3b6", "#123524"),
    "warned": BarStyle("Warned", "#f2b632", "#3a2a00"),
    "failed": BarStyle("Failed", "#cf3f3f", "#ffffff"),
    "skipped": BarStyle("Skipped", "#b9c0ca", INK),
}
