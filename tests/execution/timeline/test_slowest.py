"""The slowest nodes, each against its usual duration."""

import xml.etree.ElementTree as ET

from dbt_component.execution.timeline.bar import TimelineBar
from dbt_component.execution.timeline.colours import FASTER, QUIET, SLOWER
from dbt_component.execution.timeline.slowest import (
    ROW_HEIGHT,
    slowest_height,
    slowest_of,
    slowest_table,
)
from tests.execution.timeline.bars import bar


def drawn(bars: list[TimelineBar]) -> ET.Element:
    table = slowest_table(slowest_of(bars), critical={"critical"}, x=0, y=0, width=1000)
    return ET.fromstring(f"<svg>{table}</svg>")


def texts(root: ET.Element) -> dict[str, ET.Element]:
    return {found.text or "": found for found in root.iter("text")}


def test_the_twenty_slowest_are_listed_and_skipped_nodes_are_not() -> None:
    bars = [bar(f"n{number}", 0, number) for number in range(30)]
    bars.append(bar("skipped", 0, 99, status="skipped"))
    found = slowest_of(bars)
    assert [b.name for b in found] == [f"n{number}" for number in range(29, 9, -1)]
    assert slowest_height(found) - slowest_height(found[:1]) == 19 * ROW_HEIGHT
    assert "Slowest 20 nodes" in texts(drawn(bars))


def test_nothing_is_drawn_without_nodes() -> None:
    assert slowest_table([], critical=(), x=0, y=0, width=1000) == ""
    assert slowest_height([]) == 0


def test_only_notable_changes_have_a_colour() -> None:
    bars = [
        bar("slower", 0, 4.2, usual_seconds=2.9),
        bar("faster", 0, 1.0, usual_seconds=2.0),
        bar("same", 0, 1.1, usual_seconds=1.0),
        bar("short", 0, 0.09, usual_seconds=0.01),
        bar("new", 0, 3.0),
    ]
    found = texts(drawn(bars))
    colours = {change: found[change].get("fill") for change in ("+45 %", "-50 %", "+10 %", "9.0 x")}
    assert colours == {"+45 %": SLOWER, "-50 %": FASTER, "+10 %": QUIET, "9.0 x": QUIET}
    assert {"4.2 s", "2.9 s", "-"} <= found.keys()


def test_bars_and_marks_have_one_scale() -> None:
    root = drawn([bar("a", 0, 2.0, usual_seconds=4.0), bar("b", 0, 1.0)])
    widths = [float(r.attrib["width"]) for r in root.iter("rect") if r.get("height") == "12"]
    marks = [
        p.attrib["d"] for p in root.iter("path") if p.attrib["d"].endswith(f"v{ROW_HEIGHT - 4}")
    ]
    assert widths[0] == 2 * widths[1]
    (mark,) = marks
    assert float(mark[1:].split()[0]) == 700 + 2 * widths[0]


def test_nodes_of_the_critical_path_are_bold() -> None:
    found = texts(drawn([bar("critical", 0, 2), bar("other", 0, 1)]))
    assert found["critical"].get("font-weight") == "600"
    assert found["other"].get("font-weight") == "400"


def test_nodes_that_took_no_time_are_drawn() -> None:
    assert "a" in texts(drawn([bar("a", 1, 1, usual_seconds=0.0)]))
