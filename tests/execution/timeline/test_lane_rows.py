"""Where a bar lies says when its node ran, and on which thread."""

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from dbt_component.execution.timeline.bar import TimelineBar
from dbt_component.execution.timeline.lane_rows import LaneRows
from dbt_component.execution.timeline.lanes import assign_lanes
from dbt_component.execution.timeline.summary import TimelineSummary
from tests.execution.timeline.bars import bar


def draw(bars: list[TimelineBar], path: list[TimelineBar] | None = None) -> ET.Element:
    lanes = assign_lanes(bars)
    rows = LaneRows(
        lanes,
        drawn={found.unique_id for found in bars},
        summary=TimelineSummary.of(lanes, path or []),
        x=100,
        y=50,
        width=1000,
    )
    return ET.fromstring(f"<svg>{rows.draw(path or [])}</svg>")


def bars_of(root: ET.Element) -> dict[str, Any]:
    """Left, right and top of each bar, by the first word of its tooltip."""
    found = {}
    for rect in root.iter("rect"):
        title = rect.find("title")
        if title is not None and title.text:
            left, width = float(rect.attrib["x"]), float(rect.attrib["width"])
            found[title.text.split()[0]] = (left, left + width, float(rect.attrib["y"]))
    return found


def labels_of(root: ET.Element) -> list[str]:
    return [t.text or "" for g in root.findall("g[@pointer-events]") for t in g.iter("text")]


def test_bars_lie_by_time_and_thread() -> None:
    bars = [
        bar("a", 10, 15, thread="1"),
        bar("b", 15, 20, thread="2"),
        bar("c", 15, 20, thread="1"),
    ]
    found = bars_of(draw(bars))
    assert found["a"][:2] == pytest.approx((100, 600), abs=1)
    assert found["b"][:2] == pytest.approx((600, 1100), abs=1)
    assert found["a"][2] == found["c"][2] < found["b"][2]


def test_no_bar_is_invisible_or_leaves_the_plot() -> None:
    found = bars_of(draw([bar("long", 0, 10_000), bar("short", 5, 5), bar("last", 10_000, 10_000)]))
    for left, right, _ in found.values():
        assert right - left >= 1.4
        assert 100 <= left < right <= 1100.1


def test_a_label_is_there_if_it_fits_and_cut_if_enough_of_it_does() -> None:
    bars = [
        bar("wide", 0, 50),
        bar("a_name_that_is_too_long_for_its_bar", 50, 60),
        bar("another_long_name", 60, 62),
        bar("end", 62, 100),
    ]
    labels = labels_of(draw(bars))
    assert labels[0] == "wide  50.0 s"
    assert labels[1].startswith("a_name_") and labels[1].endswith("…")
    assert labels[2:] == ["end  38.0 s"]


def test_a_tooltip_tells_name_duration_usual_duration_and_status() -> None:
    one = bar("orders", 0, 4.2, usual_seconds=2.9)
    other = bar("unique_id", 0, 4.2, resource_type="unit_test", status="pass")
    tooltips = [title.text for title in draw([one, other], [one]).iter("title")]
    assert tooltips == [
        "orders (model)\n4.2 s, usually 2.9 s\nsuccess, on the critical path",
        "unique_id (unit test)\n4.2 s\npass",
    ]


def test_the_critical_path_is_outlined_and_joined_across_threads() -> None:
    bars = [
        bar("a", 0, 5, thread="1"),
        bar("b", 5, 9.999, thread="2"),
        bar("c", 9.999, 10, thread="2"),
    ]
    root = draw(bars, bars)
    outlines = [
        len(group.findall("rect")) + len(group.findall("path"))
        for group in root.findall("g[@fill='none']")
    ]
    assert outlines == [3]
    joints = [path.attrib["d"] for path in root.findall("path[@fill='none']")]
    assert [joint.count("M") for joint in joints] == [1, 1]
    assert root.findall("path[@fill='none']")[1].get("stroke-width") == "1.3"
    assert not draw(bars).findall("path[@fill='none']")


@pytest.mark.parametrize("threads", [1, 16, 17, 41, 300])
def test_many_threads_have_lower_rows(threads: int) -> None:
    lanes = assign_lanes([bar(str(n), 0, 1, thread=str(n)) for n in range(threads)])
    summary = TimelineSummary.of(lanes, [])
    rows = LaneRows(lanes, drawn=(), summary=summary, x=0, y=0, width=1000)
    assert rows.height == rows.row_height * threads
    assert rows.row_height == (26 if threads <= 16 else 19 if threads <= 40 else 12)
