"""Every command-line option of dbt 1.8 to 1.11 and the number of values it takes.

A test compares the table with the options that the installed dbt declares.

See: https://docs.getdbt.com/reference/global-configs/about-global-configs
"""

from collections.abc import Iterator
from enum import Enum

import msgspec


class Arity(Enum):
    """The number of values that follow an option."""

    NONE = "none"
    ONE = "one"
    MANY = "many"
    """All tokens up to the next option. The option may also be repeated."""


class DbtOption(msgspec.Struct, frozen=True):
    """One option; the first of ``names`` is the canonical one."""

    names: tuple[str, ...]
    arity: Arity

    @property
    def name(self) -> str:
        return self.names[0]


SELECT = DbtOption(("--select", "-s", "--models", "--model", "-m"), Arity.MANY)
EXCLUDE = DbtOption(("--exclude",), Arity.MANY)
SELECTOR = DbtOption(("--selector",), Arity.ONE)
RESOURCE_TYPE = DbtOption(("--resource-type", "--resource-types"), Arity.MANY)
EXCLUDE_RESOURCE_TYPE = DbtOption(
    ("--exclude-resource-type", "--exclude-resource-types"), Arity.MANY
)
VARS = DbtOption(("--vars",), Arity.ONE)
PROFILE = DbtOption(("--profile",), Arity.ONE)
TARGET = DbtOption(("--target", "-t"), Arity.ONE)
STATE = DbtOption(("--state",), Arity.ONE)
DEFER_STATE = DbtOption(("--defer-state",), Arity.ONE)
DEFER = DbtOption(("--defer", "--no-defer"), Arity.NONE)
FAVOR_STATE = DbtOption(("--favor-state", "--no-favor-state"), Arity.NONE)

RESOURCE_TYPES = frozenset(
    [
        "all",
        "analysis",
        "default",
        "exposure",
        "function",
        "metric",
        "model",
        "saved_query",
        "seed",
        "semantic_model",
        "snapshot",
        "source",
        "test",
        "unit_test",
    ]
)
"""The values of the options for resource types."""

_OTHERS_WITH_MANY_VALUES = "--output-keys"
_OTHERS_WITH_ONE_VALUE = """
    --add-package --args --deprecated-defer --deprecated-favor-state --deprecated-state
    --event-time-end --event-time-start --host --indirect-selection --inline --inline-direct --limit
    --log-file-max-bytes --log-format --log-format-file --log-level --log-level-file --log-path
    --output|-o --partial-parse-file-path --port --printer-width --profiles-dir --project-dir
    --record-timing-info|-r --sample --source --sqlparse --target-path --threads
    --warn-error-options
"""
_SWITCHES = """
    --config-dir --connection --debug|-d --deprecated-print --deprecated-no-print --empty-catalog
    --fail-fast|-x --full-refresh|-f --help|-h --lock --no-show-resource-report --no-version-check --quiet|-q
    --show --show-resource-report --skip-profile-setup --static --store-failures --upgrade
    --version|-v|-V --warn-error
"""
# Each of these also exists with the prefix --no-.
_PAIRS = """
    browser cache-selected-only clean-project-files-only compile debug empty enable-legacy-logger
    export-saved-queries fail-fast include-saved-query inject-ephemeral-ctes introspect
    log-cache-events macro-debugging partial-parse partial-parse-file-diff populate-cache print quiet
    send-anonymous-usage-stats show-all-deprecations single-threaded static-parser
    upload-to-artifacts-ingest-api use-colors use-colors-file use-experimental-parser
    use-fast-test-edges version-check write-json
"""


def _listed(text: str, arity: Arity) -> Iterator[DbtOption]:
    return (DbtOption(tuple(names.split("|")), arity) for names in text.split())


_OPTIONS = (
    *(SELECT, EXCLUDE, SELECTOR, RESOURCE_TYPE, EXCLUDE_RESOURCE_TYPE, VARS, PROFILE, TARGET),
    *(STATE, DEFER_STATE, DEFER, FAVOR_STATE),
    *_listed(_OTHERS_WITH_MANY_VALUES, Arity.MANY),
    *_listed(_OTHERS_WITH_ONE_VALUE, Arity.ONE),
    *_listed(" ".join(f"--{name} --no-{name}" for name in _PAIRS.split()), Arity.NONE),
    *_listed(_SWITCHES, Arity.NONE),
)
_BY_NAME = {name: option for option in _OPTIONS for name in option.names}
OPTION_NAMES = tuple(name for name in _BY_NAME if name.startswith("--"))
"""The long names of all options."""
# The only name with a different meaning in one command.
_OF_COMMAND = {("init", "-s"): _BY_NAME["--skip-profile-setup"]}


def find_option(name: str, *, command: str | None) -> DbtOption | None:
    """Looks up an option; ``None`` if dbt has none of that name.

    Args:
        name: With its dashes, in any of its spellings.
        command: The command that it follows; ``None`` if it precedes the command.
    """
    return _OF_COMMAND.get((command or "", name)) or _BY_NAME.get(name)
