"""docs/reference.md is what the code says, and can be read."""

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import dbt_component

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "reference.py"


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs" / "reference.md").read_text()


def test_the_page_is_what_the_code_says() -> None:
    argv = [sys.executable, str(SCRIPT), "--check"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_check_of_another_page_prints_the_difference_and_leaves_it_alone(
    page: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = tmp_path / "reference.md"
    other.write_text(page.replace("#### `dbt_assets`", "#### `dbt_aspects`"))
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    script = import_module("reference")
    monkeypatch.setattr(script, "PAGE", other)
    monkeypatch.setattr(sys, "argv", ["reference.py", "--check"])
    assert script.main() == 1
    printed = capsys.readouterr().out
    assert "-#### `dbt_aspects`\n+#### `dbt_assets`\n" in printed
    assert "make reference" in printed
    assert "dbt_aspects" in other.read_text()
    monkeypatch.setattr(sys, "argv", ["reference.py"])
    assert script.main() == 0
    assert other.read_text() == page


def test_every_public_name_has_a_section_with_a_meaning(page: str) -> None:
    sections = re.split(r"^#### `(\w+)`$", page, flags=re.MULTILINE)[1:]
    found = dict(zip(sections[::2], sections[1::2], strict=True))
    assert found.keys() == set(dbt_component.__all__)
    for name, text in found.items():
        own = re.split(r"^#", re.sub(r"```.*?```", "", text, flags=re.DOTALL), flags=re.MULTILINE)[
            0
        ]
        meaning = re.sub(r"^(A subclass of|Returned by) .*$", "", own, flags=re.MULTILINE)
        assert len(meaning.split()) >= 3, name


def test_every_method_has_a_meaning(page: str) -> None:
    sections = re.split(r"^##### `([\w.]+)`$", page, flags=re.MULTILINE)[1:]
    assert sections
    for name, text in zip(sections[::2], sections[1::2], strict=True):
        own = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        assert len(re.split(r"^#", own, flags=re.MULTILINE)[0].split()) >= 2, name


def test_links_lead_to_headings_of_which_each_is_unique(page: str) -> None:
    prose = re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    # As GitHub makes them.
    anchors = [re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings]
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r"\]\(#([^)]+)\)", prose)) <= set(anchors)
