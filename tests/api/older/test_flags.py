"""Options as flags of dbt's command line."""

from dbt_component.api.older.flags import command_line


def test_options_become_flags_by_their_type() -> None:
    options = {
        "select": ["a", "b+"],
        "full_refresh": True,
        "fail_fast": False,
        "exclude": None,
        "models": "",
        "threads": 4,
        "vars": {"day": "2024-01-01"},
    }
    assert command_line("docs generate", options) == [
        *("docs", "generate", "--select", "a", "b+", "--full-refresh", "--threads", "4"),
        *("--vars", '{"day": "2024-01-01"}'),
    ]


def test_options_of_dbt_itself_precede_the_command() -> None:
    options = {"warn_error": True, "debug": True, "bypass_cache": True}
    assert command_line("run", options) == [
        "--warn-error", "--debug", "run", "--no-populate-cache",
    ]  # fmt: skip


def test_zero_is_a_value() -> None:
    assert command_line("run", {"limit": 0}) == ["run", "--limit", "0"]
