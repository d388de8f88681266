"""Lines of dbt's JSON log count only if they are of the invocation that runs the command."""

import json
from typing import Any

import pytest

from dbt_component.dbt_process.child.child_log import LogReader


class Pipe:
    def __init__(self) -> None:
        self.kinds: list[str] = []

    def emit(self, kind: str, **fields: Any) -> None:
        self.kinds.append(kind)


def line(invocation_id: str, name: str, **data: Any) -> bytes:
    info = {"name": name, "level": "debug", "msg": "", "invocation_id": invocation_id}
    return json.dumps({"info": info, "data": data}).encode()


def beginning(invocation_id: str, command: str) -> bytes:
    return line(invocation_id, "MainReportArgs", args={"invocation_command": f"dbt {command}"})


def end(invocation_id: str) -> bytes:
    return line(invocation_id, "NodeFinished", node_info={"unique_id": "model.a"})


@pytest.mark.parametrize(
    ("names", "lines", "kinds"),
    [
        (["build"], [beginning("1", "build -s a"), end("1")], ["node_finished"]),
        (["build"], [beginning("1", "--quiet build"), end("1")], ["node_finished"]),
        (["build"], [beginning("1", "build"), end("2"), end("1")], ["node_finished"]),
        (["build"], [beginning("1", "deps"), end("1")], []),
        (["build"], [beginning("1", "deps"), beginning("2", "build"), end("2")], ["node_finished"]),
        (["build"], [beginning("1", "build"), beginning("2", "build"), end("2")], []),
        (["build"], [end("1")], []),
        (["list", "ls"], [beginning("1", "ls"), end("1")], ["node_finished"]),
        ([], [end("1")], ["node_finished"]),
    ],
)
def test_only_lines_of_the_first_invocation_that_names_the_command_count(
    names: list[str], lines: list[bytes], kinds: list[str]
) -> None:
    pipe = Pipe()
    reader = LogReader(pipe, names)  # type: ignore[arg-type]
    for each in lines:
        reader.read(each)
    assert pipe.kinds == kinds


@pytest.mark.parametrize("text", [b"plain text", b"[1]", b"{}", b'{"info": 1, "data": 2}'])
def test_a_line_that_is_no_event_is_only_shown(
    text: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe = Pipe()
    LogReader(pipe, ["build"]).read(text)  # type: ignore[arg-type]
    assert pipe.kinds == []
    assert capsys.readouterr().out == text.decode() + "\n"
