"""A run's timeline as an SVG: threads, the critical path, and each node against its usual duration."""

from collections import Counter
from collections.abc import Sequence

from dbt_component.execution.timeline.bar import TimelineBar
from dbt_component.execution.timeline.colours import BAR_STYLES, INK, LINE, PAPER, QUIET
from dbt_component.execution.timeline.lane_rows import LaneRows
from dbt_component.execution.timeline.lanes import Lane, assign_lanes
from dbt_component.execution.timeline.slowest import slowest_height, slowest_of, slowest_table
from dbt_component.execution.timeline.summary import TimelineSummary
from dbt_component.execution.timeline.svg import SvgValue, element, shortened, text, text_width

DRAWN = 2000
"""Of more nodes, the longest are drawn, and all that failed or determined the end of the run."""
FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
MARGIN = 24
LANE_NAME_WIDTH = 88
LEAST_WIDTH, MOST_WIDTH = 1100, 2200
NODE_WIDTH = 16
"""The width that each node of a thread has on average, within the limits above."""
LANES_TOP = 132


def timeline_picture(
    bars: Sequence[TimelineBar], *, path: Sequence[TimelineBar], command: str
) -> str:
    """Draws the timeline on a light background of its own.

    Args:
        bars: The nodes of the run.
        path: Its critical path.
        command: The dbt command, for the heading.

    Returns:
        The text of an SVG file. For 500 nodes it has about 100 KB; from 2,000 nodes on it grows no further.
    """
    lanes = assign_lanes(bars)
    summary = TimelineSummary.of(lanes, path)
    critical = [bar.unique_id for bar in path]
    width = _plot_width(lanes)
    drawn = _drawn(bars, critical)
    rows = LaneRows(
        lanes,
        drawn=frozenset(bar.unique_id for bar in drawn),
        summary=summary,
        x=MARGIN + LANE_NAME_WIDTH,
        y=LANES_TOP,
        width=width,
    )
    slowest = slowest_of(bars)
    table_top = LANES_TOP + rows.height + 28
    full_width = MARGIN + LANE_NAME_WIDTH + width + MARGIN
    full_height = table_top + slowest_height(slowest) + MARGIN
    inner = full_width - 2 * MARGIN
    left_out = len(bars) - len(drawn)
    parts = [
        element(
            "rect",
            x=0.5,
            y=0.5,
            width=full_width - 1,
            height=full_height - 1,
            rx=8,
            fill=PAPER,
            stroke=LINE,
        ),
        text(shortened(command, inner, 18), MARGIN, 40, font_size=18, font_weight=600),
        text(summary.text(), MARGIN, 63, font_size=13, fill=QUIET),
        _legend(bars, left_out=left_out, has_path=bool(path)),
        rows.draw(path),
        slowest_table(slowest, critical=frozenset(critical), x=MARGIN, y=table_top, width=inner),
    ]
    return element(
        "svg",
        "".join(parts),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {full_width:.0f} {full_height:.0f}",
        width=full_width,
        height=full_height,
        font_family=FONT,
        fill=INK,
        role="img",
        aria_label=f"Timeline of {command}: {summary.text()}",
    )


def _plot_width(lanes: Sequence[Lane]) -> float:
    most = max((len(lane.bars) for lane in lanes), default=0)
    return min(MOST_WIDTH, max(LEAST_WIDTH, NODE_WIDTH * most))


def _drawn(bars: Sequence[TimelineBar], critical: Sequence[str]) -> Sequence[TimelineBar]:
    if len(bars) <= DRAWN:
        return bars
    kept = frozenset(critical)

    def importance(bar: TimelineBar) -> tuple[bool, bool, float, str]:
        return (bar.unique_id not in kept, bar.kind != "failed", -bar.seconds, bar.unique_id)

    return sorted(bars, key=importance)[:DRAWN]


def _legend(bars: Sequence[TimelineBar], *, left_out: int, has_path: bool) -> str:
    counts = Counter(bar.kind for bar in bars)
    x: float = MARGIN
    parts = []
    for kind, style in BAR_STYLES.items():
        if counts[kind]:
            label = f"{style.label} {counts[kind]:,}"
            parts.append(element("rect", x=x, y=83, width=12, height=12, rx=2, fill=style.fill))
            parts.append(text(label, x + 18, 93))
            x += text_width(label, 12) + 36
    if has_path:
        outline: dict[str, SvgValue] = {"fill": "none", "stroke": INK, "stroke_width": 1.8}
        parts.append(element("rect", x=x + 1, y=84, width=18, height=10, rx=2, **outline))
        parts.append(text("Critical path", x + 26, 93))
        x += text_width("Critical path", 12) + 44
    if any(bar.usual_seconds is not None for bar in bars):
        parts.append(element("path", d=f"M{x + 2:.1f} 82v14", stroke=INK, stroke_width=2))
        parts.append(text("Usual duration (table)", x + 10, 93))
        x += text_width("Usual duration (table)", 12) + 28
    if left_out:
        parts.append(text(f"The {left_out:,} shortest nodes are not drawn", x, 93, fill=QUIET))
    return element("g", "".join(parts), font_size=12)
