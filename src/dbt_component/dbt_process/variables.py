"""Every environment variable that sets an option of dbt 1.8 to 1.11, and what becomes of it here.

A test compares the table with the variables that the installed dbt declares.

dbt 1.11 also reads each variable under the prefix ``DBT_ENGINE_``, which wins.

See: https://docs.getdbt.com/reference/global-configs/environment-variable-configs
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum


class Handling(Enum):
    """What becomes of a variable that the dbt processes of this package inherit."""

    ARGUMENT = "argument"
    """It chooses nodes: a step passes it as the option, so the expected nodes are narrowed with it."""
    SET = "set"
    """This package sets it for each of its dbt processes; an inherited value has no effect."""
    COMPARED = "compared"
    """It affects the manifest or selections, so it is one of the inputs that a state is compared by."""
    PASSED = "passed"
    """dbt acts on it. It affects neither which nodes a step runs nor whether they report."""


RESOURCE_TYPES = "DBT_RESOURCE_TYPES"
EXCLUDE_RESOURCE_TYPES = "DBT_EXCLUDE_RESOURCE_TYPES"
PROFILES_DIR = "DBT_PROFILES_DIR"
FIRST_ENGINE_VERSION = (1, 11)
"""The first dbt that reads variables under the prefix ``DBT_ENGINE_``."""

_NAMES = {
    Handling.ARGUMENT: f"{RESOURCE_TYPES} {EXCLUDE_RESOURCE_TYPES}",
    Handling.SET: f"""
        DBT_LOG_PATH DBT_PARTIAL_PARSE_FILE_PATH {PROFILES_DIR} DBT_PROJECT_DIR DBT_SEND_ANONYMOUS_USAGE_STATS
        DBT_TARGET_PATH DBT_WRITE_JSON
    """,
    Handling.COMPARED: "DBT_INDIRECT_SELECTION DBT_PROFILE DBT_TARGET",
    Handling.PASSED: """
        DBT_ARTIFACT_STATE_PATH DBT_CACHE_SELECTED_ONLY DBT_CLEAN_PROJECT_FILES_ONLY DBT_DEBUG DBT_DEFER
        DBT_DEFER_STATE DBT_DEFER_TO_STATE DBT_EMPTY DBT_ENABLE_LEGACY_LOGGER DBT_ENGINE_SQLPARSE
        DBT_EVENT_TIME_END DBT_EVENT_TIME_START DBT_EXPORT_SAVED_QUERIES DBT_FAIL_FAST DBT_FAVOR_STATE
        DBT_FAVOR_STATE_MODE DBT_FULL_REFRESH DBT_HOST DBT_INCLUDE_SAVED_QUERY DBT_INTROSPECT
        DBT_LOG_CACHE_EVENTS DBT_LOG_FILE_MAX_BYTES DBT_LOG_FORMAT DBT_LOG_FORMAT_FILE DBT_LOG_LEVEL
        DBT_LOG_LEVEL_FILE DBT_MACRO_DEBUGGING DBT_NO_PRINT DBT_PARTIAL_PARSE DBT_PARTIAL_PARSE_FILE_DIFF
        DBT_POPULATE_CACHE DBT_PRINT DBT_PRINTER_WIDTH DBT_QUIET DBT_SAMPLE DBT_SHOW_RESOURCE_REPORT
        DBT_SINGLE_THREADED DBT_STATE DBT_STATIC_PARSER DBT_STORE_FAILURES
        DBT_UPLOAD_TO_ARTIFACTS_INGEST_API DBT_USE_COLORS DBT_USE_COLORS_FILE DBT_USE_EXPERIMENTAL_PARSER
        DBT_USE_FAST_TEST_EDGES DBT_VERSION_CHECK DBT_WARN_ERROR DBT_WARN_ERROR_OPTIONS
    """,
}
VARIABLES = {name: handling for handling, names in _NAMES.items() for name in names.split()}
"""Every variable, by the name that all supported versions read."""


def spellings(name: str) -> tuple[str, ...]:
    """All names under which dbt reads a variable; the first that is set wins."""
    engine_name = f"DBT_ENGINE_{name.removeprefix('DBT_')}"
    return (name,) if name.startswith("DBT_ENGINE_") else (engine_name, name)


def find_variable(
    name: str, environ: Mapping[str, str], *, core_version: tuple[int, int] | None = None
) -> tuple[str, str] | None:
    """The name and value by which dbt finds a variable; ``None`` if it is unset or empty.

    Args:
        name: A name in ``VARIABLES``.
        environ: The environment.
        core_version: Version of dbt-core; ``None`` if it is unknown.
    """
    reads_engine = core_version is None or core_version >= FIRST_ENGINE_VERSION
    for spelling in spellings(name) if reads_engine else (name,):
        if value := environ.get(spelling):
            return spelling, value
    return None


def compared_variables() -> Iterator[str]:
    """All spellings of the variables that a state is compared by."""
    for name, handling in VARIABLES.items():
        if handling is Handling.COMPARED:
            yield from spellings(name)


def in_every_inherited_spelling(
    values: Iterable[tuple[str, str]], environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Variables to set, also under each other name that is inherited and would win."""
    return {
        spelling: value
        for name, value in values
        for spelling in (name, *spellings(name))
        if spelling == name or spelling in environ
    }
