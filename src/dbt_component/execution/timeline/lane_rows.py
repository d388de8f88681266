"""The rows of a timeline's picture: one for each lane, with the time axis above."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import pairwise

from dbt_component.execution.timeline.axis import ticks
from dbt_component.execution.timeline.bar import SHORTEST_SECONDS, BarKind, TimelineBar
from dbt_component.execution.timeline.colours import BAND, BAR_STYLES, INK, LINE, PAPER, QUIET
from dbt_component.execution.timeline.duration_text import duration_text
from dbt_component.execution.timeline.lanes import Lane
from dbt_component.execution.timeline.summary import TimelineSummary
from dbt_component.execution.timeline.svg import (
    SvgValue,
    element,
    safe_text,
    shortened,
    text,
    text_width,
)

ROW_HEIGHTS = ((16, 26), (40, 19))
"""The greatest number of lanes for a height of rows."""
LEAST_ROW_HEIGHT = 12
LEAST_BAR_WIDTH = 1.5
LEAST_OUTLINED = 5
"""The width of a bar on the critical path below which only its upper and lower edges are drawn."""
TICK_WIDTH = 90
LABEL_SIZE = 11
LABEL_PADDING = 5
LEAST_LABEL = 7
"""The fewest characters of a name that is cut."""
LONGEST_NAME = 200


class LaneRows:
    """Places nodes by time and lane.

    Args:
        lanes: One row for each.
        drawn: Unique ids of the nodes that are drawn.
        summary: Of the run.
        x: The left edge of the bars; the names of the lanes are left of it.
        y: The top edge of the rows; the axis is above it.
        width: Of the longest possible bar.
    """

    def __init__(
        self,
        lanes: Sequence[Lane],
        *,
        drawn: Collection[str],
        summary: TimelineSummary,
        x: float,
        y: float,
        width: float,
    ) -> None:
        self.row_height = next(
            (height for most, height in ROW_HEIGHTS if len(lanes) <= most), LEAST_ROW_HEIGHT
        )
        self.height = self.row_height * max(1, len(lanes))
        self._lanes = lanes
        self._drawn = drawn
        self._started = summary.started
        self._seconds = summary.wall_seconds if summary.wall_seconds > SHORTEST_SECONDS else 0.0
        self._x, self._y, self._width = x, y, width
        self._scale = width / self._seconds if self._seconds else 0.0
        self._row_of = {bar.unique_id: n for n, lane in enumerate(lanes) for bar in lane.bars}

    def draw(self, path: Sequence[TimelineBar]) -> str:
        """The axis, the bars and the critical path as SVG."""
        critical = frozenset(bar.unique_id for bar in path)
        rects: defaultdict[BarKind, list[str]] = defaultdict(list)
        labels: defaultdict[BarKind, list[str]] = defaultdict(list)
        for bar in (
            bar for lane in self._lanes for bar in lane.bars if bar.unique_id in self._drawn
        ):
            rects[bar.kind].append(self._bar(bar, is_critical=bar.unique_id in critical))
            labels[bar.kind].append(self._label(bar))
        parts = [self._background()]
        for kind, style in BAR_STYLES.items():
            parts.append(element("g", "".join(rects[kind]), fill=style.fill))
        parts.append(self._path([bar for bar in path if bar.unique_id in self._drawn]))
        for kind, style in BAR_STYLES.items():
            inner: dict[str, SvgValue] = {
                "fill": style.ink,
                "font_size": LABEL_SIZE,
                "pointer_events": "none",
            }
            parts.append(element("g", "".join(labels[kind]), **inner))
        return "".join(parts)

    def _background(self) -> str:
        names, bands, lines, labels = [], [], [], []
        for number, lane in enumerate(self._lanes):
            top = self._y + number * self.row_height
            names.append(
                text(shortened(lane.name, 80, 11), self._x - 10, top + self.row_height / 2 + 4)
            )
            if number % 2 == 0:
                band = {"x": self._x, "y": top, "width": self._width, "height": self.row_height}
                bands.append(element("rect", **band))
        at_most = int(self._width / TICK_WIDTH)
        for tick in ticks(self._seconds, at_most=at_most) if self._lanes else ():
            x = self._x + tick.seconds * self._scale
            lines.append(f"M{x:.1f} {self._y - 5}v{self.height + 5}")
            labels.append(text(tick.label, x, self._y - 10))
        if self.row_height < LABEL_SIZE + 2:
            names = names[::2]
        return "".join(
            (
                element("g", "".join(bands), fill=BAND),
                element("path", d="".join(lines), stroke=LINE),
                element("g", "".join(labels), font_size=11, fill=QUIET, text_anchor="middle"),
                element("g", "".join(names), font_size=11, fill=QUIET, text_anchor="end"),
            )
        )

    def _bar(self, bar: TimelineBar, *, is_critical: bool) -> str:
        x, y, width, height = self._place(bar)
        rounded = {"rx": 2} if width > 6 else {}
        title = element("title", _tooltip(bar, is_critical=is_critical))
        return element("rect", title, x=x, y=y, width=width, height=height, **rounded)

    def _label(self, bar: TimelineBar) -> str:
        x, y, width, height = self._place(bar)
        room = width - 2 * LABEL_PADDING
        if height < LABEL_SIZE + 2 or room <= 0:
            return ""
        whole = f"{bar.name}  {duration_text(bar.seconds)}"
        if text_width(whole, LABEL_SIZE) > room:
            whole = shortened(bar.name, room, LABEL_SIZE)
            if whole != bar.name and len(whole) <= LEAST_LABEL:
                return ""
        return text(whole, x + LABEL_PADDING, y + height / 2 + 4)

    def _path(self, path: Sequence[TimelineBar]) -> str:
        """Outlines the critical path, and joins each node with the next."""
        outlines, joints, rails = [], [], []
        for bar in path:
            x, y, width, height = self._place(bar)
            if width < LEAST_OUTLINED:
                rails.append(
                    f"M{x:.1f} {y + 0.9:.1f}h{width:.1f}m0 {height - 1.8:.1f}h-{width:.1f}"
                )
                continue
            place = {"x": x + 0.9, "y": y + 0.9, "width": width - 1.8, "height": height - 1.8}
            outlines.append(element("rect", rx=2, **place))
        for before, after in pairwise(path):
            x, y, width, height = self._place(before)
            to_x, to_y, _, _ = self._place(after)
            if y != to_y:
                joints.append(
                    f"M{x + width:.1f} {y + height / 2:.1f}H{to_x:.1f}V{to_y + height / 2:.1f}"
                )
        common = {"fill": "none", "stroke": INK, "pointer_events": "none"}
        joint = element("path", d="".join(joints), stroke_width=1.3, **common) if joints else ""
        halo = {**common, "stroke": PAPER}
        glow = element("path", d="".join(joints), stroke_width=3, **halo) if joints else ""
        if rails:
            outlines.append(element("path", d="".join(rails)))
        return glow + joint + element("g", "".join(outlines), stroke_width=1.8, **common)

    def _place(self, bar: TimelineBar) -> tuple[float, float, float, float]:
        """Left, top, width and height of a node's bar."""
        gap = 3 if self.row_height > LEAST_ROW_HEIGHT else 1
        left = (bar.started - self._started) * self._scale
        width = max(LEAST_BAR_WIDTH, bar.seconds * self._scale - 0.6)
        left = min(left, self._width - LEAST_BAR_WIDTH)
        top = self._y + self._row_of[bar.unique_id] * self.row_height + gap
        return self._x + left, top, min(width, self._width - left), self.row_height - 2 * gap


def _tooltip(bar: TimelineBar, *, is_critical: bool) -> str:
    usual = "" if bar.usual_seconds is None else f", usually {duration_text(bar.usual_seconds)}"
    lines = [
        f"{bar.name[:LONGEST_NAME]} ({bar.resource_type.replace('_', ' ')})",
        f"{duration_text(bar.seconds)}{usual}",
        f"{bar.status}, on the critical path" if is_critical else bar.status,
    ]
    return "\n".join(safe_text(line) for line in lines)
