"""Steps of a job, which are command lines of dbt."""

import shlex

FRESHNESS = "dbt source freshness"
RETRYABLE = {"build", "clone", "compile", "run", "run-operation", "seed", "snapshot", "test"}
"""Commands whose failure the platform can resume by `dbt retry`."""


class CommandError(ValueError):
    """A step that can't be split into arguments."""


def split_command(step: str) -> list[str]:
    try:
        return shlex.split(step)
    except ValueError as error:
        raise CommandError(f"Cannot parse the command {step!r}: {error}.") from error


def is_dbt_command(step: str) -> bool:
    words = split_command(step)
    return len(words) > 1 and words[0] == "dbt"


def is_retryable(step: str) -> bool:
    words = split_command(step)
    return words[0] == "dbt" and bool(RETRYABLE.intersection(words[1:3]))
