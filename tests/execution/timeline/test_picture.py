"""The picture of a run is a well-formed SVG of bounded size, whatever the names of its nodes."""

import random
import shutil
import subprocess
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dbt_component.dbt_process.child.child_statuses import STATUSES
from dbt_component.execution.timeline import picture
from dbt_component.execution.timeline.bar import TimelineBar
from dbt_component.execution.timeline.critical_path import critical_path
from dbt_component.execution.timeline.picture import timeline_picture
from tests.execution.timeline.bars import bar

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "</title><script>alert(1)</script>",
    "]]><![CDATA[",
    '" onload="alert(1)',
    "&lt;&#0;&unknown;",
    "\x00\x1b[31m\ud800\uffff\u202e",
    "表" * 300,
    "a\nb\tc",
    "",
]


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg.encode())


def many(count: int, *, threads: int = 4) -> list[TimelineBar]:
    """Nodes of every status, as dbt's names are in real projects, one after another on each thread."""
    chance = random.Random(7)
    ends = [1_700_000_000.0] * threads
    bars = []
    for number in range(count):
        thread = min(range(threads), key=ends.__getitem__)
        started = ends[thread] + 0.01
        ends[thread] = started + chance.lognormvariate(0, 1)
        bars.append(
            bar(
                f"accepted_values_stg_customer_orders_status__{number}",
                started,
                ends[thread],
                thread=f"Thread-{thread + 1} (worker)",
                resource_type=chance.choice(["model", "test", "seed"]),
                status=chance.choice(["success", "pass", "pass", "warn", "error", "skipped"]),
                usual_seconds=chance.choice([None, 1.0, 2.0]),
            )
        )
    return bars


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_and_nothing_else(name: str) -> None:
    bars = [bar(name, 0, 5, thread=name, resource_type=name, status=name, usual_seconds=1.0)]
    root = parsed(timeline_picture(bars, path=bars, command=name))
    known = {f"{SVG}{tag}" for tag in ("svg", "g", "rect", "path", "text", "title")}
    assert {found.tag for found in root.iter()} <= known
    assert not [key for found in root.iter() for key in found.attrib if key.startswith("on")]


TIMES = st.floats(0, 1e6)


@example(rows=[("", 0.0, 2e-308, "success", "1", None)])
@given(
    rows=st.lists(
        st.tuples(
            st.text(st.characters(), max_size=5),
            TIMES,
            TIMES,
            st.sampled_from(sorted(STATUSES)),
            st.sampled_from(["1", "2", None]),
            st.none() | TIMES,
        ),
        max_size=8,
    )
)
def test_any_run_can_be_drawn(
    rows: list[tuple[str, float, float, str, str | None, float | None]],
) -> None:
    bars = [
        TimelineBar(str(number), name, "model", status, thread, start, start + seconds, usual)
        for number, (name, start, seconds, status, thread, usual) in enumerate(rows)
    ]
    root = parsed(timeline_picture(bars, path=critical_path(bars, {}), command="dbt build"))
    assert len(root.findall(f".//{SVG}title")) == len(bars)
    numbers = [
        float(found.attrib[key])
        for found in root.iter()
        for key in ("x", "y", "width", "height")
        if key in found.attrib
    ]
    assert all(0 <= number < 3000 for number in numbers)


def test_the_heading_and_the_legend_sum_the_run_up() -> None:
    bars = [
        bar("a", 0, 6, thread="1"),
        bar("b", 0, 1, thread="2", resource_type="test", status="pass"),
        bar("c", 6, 8, thread="1", status="error", usual_seconds=1.0),
    ]
    root = parsed(timeline_picture(bars, path=[bars[0], bars[2]], command="dbt build --select a+"))
    texts = [found.text or "" for found in root.iter(f"{SVG}text")]
    assert texts[0] == "dbt build --select a+"
    assert texts[1].startswith(
        "3 nodes in 8.0 s  ·  critical path 8.0 s in 2 nodes  ·  2 threads, 56 %"
    )
    assert {"Built 1", "Test passed 1", "Failed 1", "Critical path", "Usual duration (table)"} <= {
        *texts
    }
    assert not [found for found in texts if found.startswith(("Warned", "Skipped"))]


def test_500_nodes_make_a_small_picture_quickly() -> None:
    bars = many(500)
    path = critical_path(bars, {})
    begin = time.process_time()
    svg = timeline_picture(bars, path=path, command="dbt build")
    assert time.process_time() - begin < 1
    assert len(svg.encode()) < 200_000
    assert len(parsed(svg).findall(f".//{SVG}title")) == 500


def test_of_too_many_nodes_the_longest_and_those_that_matter_are_drawn() -> None:
    bars = many(5000)
    path = critical_path(bars, {})
    svg = timeline_picture(bars, path=path, command="dbt build")
    root = parsed(svg)
    titles = [found.text or "" for found in root.iter(f"{SVG}title")]
    assert len(titles) == picture.DRAWN
    assert len(svg.encode()) < 900_000
    assert sum("on the critical path" in title for title in titles) == len(path)
    assert sum("\nerror" in title for title in titles) == sum(b.kind == "failed" for b in bars)
    texts = [found.text for found in root.iter(f"{SVG}text")]
    assert "The 3,000 shortest nodes are not drawn" in texts


def test_the_picture_has_a_background_of_its_own() -> None:
    root = parsed(timeline_picture(many(3), path=[], command="dbt build"))
    first = root[0]
    assert (first.tag, first.get("fill")) == (f"{SVG}rect", "#ffffff")
    assert float(first.attrib["width"]) == pytest.approx(float(root.attrib["width"]), abs=1)
    assert float(first.attrib["height"]) == pytest.approx(float(root.attrib["height"]), abs=1)


@pytest.mark.server
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium")
def test_a_browser_shows_the_picture(tmp_path: Path) -> None:
    """A browser that finds a fault in an SVG shows the fault instead, in other colours."""
    file = tmp_path / "timeline.svg"
    bars = [*many(30), bar("</title><b>", 1_700_000_000.0, 1_700_000_009.0, status="error")]
    file.write_text(timeline_picture(bars, path=critical_path(bars, {}), command="dbt build"))
    browser = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu"]
    done = subprocess.run(
        [*browser, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", file.as_uri()],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        timeout=120,
    )
    shown = done.stdout.decode()
    assert "parsererror" not in shown
    assert shown.count("<title>") == len(bars)
