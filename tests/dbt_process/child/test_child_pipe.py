"""The text of events."""

import pytest

from dbt_component.dbt_process.child.child_pipe import plain, plain_message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2Kcleared\x1b[1;32m green\x1b[0m", "cleared green"),
        (
            "4 of 9 SKIP relation main.a ................ [\x1b[33mSKIP\x1b[0m]",
            "4 of 9 SKIP relation main.a [SKIP]",
        ),
        (
            "1 of 2 ERROR creating main.a ... [ERROR in 0.1s]\nnext",
            "1 of 2 ERROR creating main.a [ERROR in 0.1s]\nnext",
        ),
        ("... [a], and so on ...", "... [a], and so on ..."),
    ],
)
def test_colours_and_padding_are_removed(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, None), ("", None), ("\x1b[0m", None), ("\x1b[31ma ... [b]\x1b[0m\n", "a ... [b]")],
)
def test_a_message_keeps_everything_but_colours(text: str | None, expected: str | None) -> None:
    assert plain_message(text) == expected
