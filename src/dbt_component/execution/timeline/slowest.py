"""The table of the slowest nodes below a timeline, each against its usual duration."""

from collections.abc import Collection, Sequence

from dbt_component.execution.timeline.bar import SHORTEST_SECONDS, TimelineBar
from dbt_component.execution.timeline.colours import (
    BAND,
    BAR_STYLES,
    FASTER,
    INK,
    LINE,
    QUIET,
    SLOWER,
)
from dbt_component.execution.timeline.duration_text import change_text, duration_text
from dbt_component.execution.timeline.svg import SvgValue, element, shortened, text

LISTED = 20
ROW_HEIGHT = 22
HEADER_HEIGHT = 54
NAME_WIDTH = 340
COLUMNS_WIDTH = 700
"""Of all columns before the bars."""
NOTABLE_CHANGE = 0.2
NOTABLE_SECONDS = 0.1


def slowest_of(bars: Sequence[TimelineBar]) -> list[TimelineBar]:
    """The nodes of the table, the slowest first."""
    ran = [bar for bar in bars if bar.kind != "skipped"]
    return sorted(ran, key=lambda bar: (-bar.seconds, bar.unique_id))[:LISTED]


def slowest_height(slowest: Sequence[TimelineBar]) -> float:
    return HEADER_HEIGHT + ROW_HEIGHT * len(slowest) if slowest else 0.0


def slowest_table(
    slowest: Sequence[TimelineBar], *, critical: Collection[str], x: float, y: float, width: float
) -> str:
    """The table as SVG.

    Args:
        slowest: Its nodes.
        critical: Unique ids of the nodes on the critical path.
        x: The left edge.
        y: The top edge.
        width: Of the table; its height is ``slowest_height``.
    """
    if not slowest:
        return ""
    columns = [(x, "start", "Node"), (x + 370, "start", "Kind")]
    columns += [(x + 520, "end", "This run"), (x + 600, "end", "Usual"), (x + 680, "end", "Change")]
    heads = "".join(text(head, at, y + 42, text_anchor=anchor) for at, anchor, head in columns)
    title = "Slowest node" if len(slowest) == 1 else f"Slowest {len(slowest)} nodes"
    parts = [
        text(title, x, y + 18, font_size=13, font_weight=600, fill=INK),
        element("g", heads, font_size=11, fill=QUIET),
        element("path", d=f"M{x - 8} {y + 50}h{width + 16}", stroke=LINE),
    ]
    longest = max(max(bar.seconds, bar.usual_seconds or 0.0) for bar in slowest)
    scale = (width - COLUMNS_WIDTH - 8) / longest if longest > SHORTEST_SECONDS else 0.0
    for number, bar in enumerate(slowest):
        top = y + HEADER_HEIGHT + ROW_HEIGHT * number
        parts.append(
            _row(bar, is_critical=bar.unique_id in critical, x=x, top=top, width=width, scale=scale)
        )
        if number % 2:
            parts.insert(
                0, element("rect", x=x - 8, y=top, width=width + 16, height=ROW_HEIGHT, fill=BAND)
            )
    return "".join(parts)


def _row(
    bar: TimelineBar, *, is_critical: bool, x: float, top: float, width: float, scale: float
) -> str:
    style = BAR_STYLES[bar.kind]
    base = top + 15
    name = shortened(bar.name, NAME_WIDTH, 12)
    usual = "-" if bar.usual_seconds is None else duration_text(bar.usual_seconds)
    outline: dict[str, SvgValue] = {"stroke": INK, "stroke_width": 1.5} if is_critical else {}
    left = x + COLUMNS_WIDTH
    parts = [
        element("rect", x=x + 1, y=top + 6, width=10, height=10, rx=2, fill=style.fill, **outline),
        text(name, x + 18, base, font_weight=600 if is_critical else 400),
        text(bar.resource_type.replace("_", " "), x + 370, base, fill=QUIET),
        text(duration_text(bar.seconds), x + 520, base, text_anchor="end"),
        text(usual, x + 600, base, text_anchor="end", fill=QUIET),
        _change(bar, x + 680, base),
        element(
            "rect",
            x=left,
            y=top + 5,
            width=max(1.0, bar.seconds * scale),
            height=ROW_HEIGHT - 10,
            rx=2,
            fill=style.fill,
        ),
    ]
    if bar.usual_seconds is not None:
        at = left + bar.usual_seconds * scale
        parts.append(
            element("path", d=f"M{at:.1f} {top + 2}v{ROW_HEIGHT - 4}", stroke=INK, stroke_width=2)
        )
    return element("g", "".join(parts), font_size=12, fill=INK)


def _change(bar: TimelineBar, x: float, y: float) -> str:
    if bar.usual_seconds is None:
        return ""
    difference = bar.seconds - bar.usual_seconds
    is_notable = abs(difference) > max(NOTABLE_SECONDS, NOTABLE_CHANGE * bar.usual_seconds)
    colour = QUIET if not is_notable else SLOWER if difference > 0 else FASTER
    change = change_text(bar.seconds, bar.usual_seconds)
    return text(
        change, x, y, text_anchor="end", fill=colour, font_weight=600 if is_notable else 400
    )
