"""What `dbt ls` selects in a project, for many command lines in one process of real dbt."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_SCRIPT = """
import contextlib, json, os, sys
from dbt.cli.main import dbtRunner

with contextlib.redirect_stdout(sys.stderr):
    manifest = dbtRunner().invoke(["--quiet", "parse"]).result
    found = []
    for arguments in json.load(sys.stdin):
        keys = ["--output", "json", "--output-keys", "unique_id"]
        done = dbtRunner(manifest=manifest).invoke(["--quiet", "ls", *keys, *arguments])
        assert done.success, (arguments, done.exception)
        found.append([json.loads(line)["unique_id"] for line in done.result])
print(json.dumps(found))
"""


def list_nodes(folder: Path, commands: Sequence[Sequence[str]]) -> list[frozenset[str]]:
    """The unique ids that each of the argument lists selects."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        cwd=folder,
        input=json.dumps([list(arguments) for arguments in commands]),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return [frozenset(ids) for ids in json.loads(done.stdout)]
