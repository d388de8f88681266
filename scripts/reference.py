"""Writes docs/reference.md from the YAML schema, the command line and the docstrings of the public names.

python scripts/reference.py            writes the page
python scripts/reference.py --check    prints how the page differs and fails if it does
"""

import argparse
import difflib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from reference_commands import CommandPart
from reference_environment import environment_lines
from reference_python import PythonPart, anchor
from reference_yaml import YamlPart

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference.md"
_INTRODUCTION = """\
# Reference

Everything that is public, as the code describes it. [The README](../README.md#the-yaml-by-example) shows the YAML in an example,
[docs/python.md](python.md) the Python API. This page is generated: change the code and run `make reference`.
"""


def page_lines() -> Iterator[str]:
    """The lines of the page, without line ends."""
    yaml, cloud = YamlPart.of_project(), YamlPart.of_platform()
    commands, python = CommandPart(), PythonPart()
    yield from _INTRODUCTION.splitlines()
    yield ""
    yield f"- {_linked('The keys of defs.yaml')}: {_listed(yaml.sections)}"
    yield f"- {_linked('The keys of a project on the dbt platform')}: {_listed(cloud.sections)}"
    yield f"- {_linked('The command line')}: {_listed(commands.names)}"
    yield f"- {_linked('Environment variables')}"
    yield f"- {_linked('The Python names')}"
    for title, names in python.sections.items():
        yield f"  - {_linked(title)}: {_listed(names)}"
    yield f"  - {_linked('Types in signatures')}"
    yield from ("", "## The keys of defs.yaml", "")
    yield from yaml.lines()
    yield from ("", "## The keys of a project on the dbt platform", "")
    yield from cloud.lines()
    yield from ("", "## The command line", "")
    yield from commands.lines()
    yield from ("", "## Environment variables", "")
    yield from environment_lines()
    yield from ("", "## The Python names", "")
    yield from python.lines()


def _linked(title: str) -> str:
    return f"[{title}](#{anchor(title)})"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"[`{name}`](#{anchor(name)})" for name in names)


def main() -> int:
    """Returns 0, or 1 if the page differs and is only checked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if the page differs"
    )
    is_check = parser.parse_args().check
    text = "\n".join(page_lines()) + "\n"
    if not is_check:
        PAGE.write_text(text)
        return 0
    if PAGE.read_text() == text:
        return 0
    lines = difflib.unified_diff(
        PAGE.read_text().splitlines(),
        text.splitlines(),
        "docs/reference.md",
        "from the code",
        lineterm="",
        n=1,
    )
    print("\n".join(lines))
    print("\ndocs/reference.md is not what the code says: run `make reference`.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
