"""The text of a step on the dbt platform, from the arguments of a dbt command."""

import shlex
from collections.abc import Sequence

from dbt_component.dbt_process.arguments import option_values
from dbt_component.dbt_process.hidden_values import replace_vars
from dbt_component.errors import CliArgsError

_REFUSED = {
    "--no-write-json": "results are read from the run_results.json of the step",
    "--project-dir": "the platform runs dbt in its own copy of the project",
    "--profiles-dir": "the platform writes profiles.yml itself",
    "--target-path": "the platform keeps the artifacts of the usual folder",
    "--log-path": "the platform keeps the log of the usual folder",
}


def step_command(argv: Sequence[str]) -> str:
    """The step that runs dbt with exactly these arguments: one line, each argument quoted where it needs to be.

    The text is stored with the run on the platform, where everyone sees it who may see the run: values of ``--vars``
    are part of it, so they may not be secret.

    Args:
        argv: The arguments after ``dbt``. The value of ``--vars`` is rewritten as JSON in one line.

    Raises:
        CliArgsError: An argument has no effect on the platform, or can't be part of one line.
    """
    for token in argv:
        name = token.partition("=")[0]
        if name in _REFUSED:
            raise CliArgsError(
                f"{name!r} can't be passed to a step on the dbt platform: {_REFUSED[name]}.",
                key="cli_args",
            )
    given = option_values(argv, "--vars")
    tokens = replace_vars(argv, lambda _, value: value) if given else list(argv)
    for token in tokens:
        if len(token.splitlines()) > 1:
            raise CliArgsError(
                f"The argument {token!r} has several lines, and a step on the dbt platform is one line.",
                key="cli_args",
                hint="Write it in one line.",
            )
    return shlex.join(["dbt", *tokens])
