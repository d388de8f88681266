"""Writes docs/reference.md from the YAML schema, the command line and the docstrings of the public names.

python scripts/reference.py            writes the page
python scripts/reference.py --check    prints how the page differs and fails if it does
"""

import argparse
import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from reference_commands import command_lines
from reference_python import python_lines
from reference_yaml import yaml_lines

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference.md"
_INTRODUCTION = """\
# Reference

Everything that is public, as the code describes it: [the keys of defs.yaml](#the-keys-of-defsyaml),
[the command line](#the-command-line) and [the Python names](#the-python-names). [The README](../README.md#the-yaml-by-example) shows the YAML
in an example, [docs/python.md](python.md) the Python API. This page is generated: change the code and run `make reference`.
"""


def page_lines() -> Iterator[str]:
    """The lines of the page, without line ends."""
    yield from _INTRODUCTION.splitlines()
    yield from ("", "## The keys of defs.yaml", "")
    yield from yaml_lines()
    yield from ("", "## The command line", "")
    yield from command_lines()
    yield from ("", "## The Python names", "")
    yield from python_lines()


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
