"""docs/reference.md is what the code says."""

import re
import subprocess
import sys
from pathlib import Path

import dbt_component

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "reference.py"


def test_the_page_is_what_the_code_says() -> None:
    argv = [sys.executable, str(SCRIPT), "--check"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_public_name_has_a_section_with_a_meaning() -> None:
    page = (ROOT / "docs" / "reference.md").read_text()
    sections = re.split(r"^#### `(\w+)`$", page, flags=re.MULTILINE)[1:]
    found = dict(zip(sections[::2], sections[1::2], strict=True))
    assert found.keys() == set(dbt_component.__all__)
    for name, text in found.items():
        words = re.sub(r"```.*?```", "", text, flags=re.DOTALL).split()
        assert len(words) >= 3, name
