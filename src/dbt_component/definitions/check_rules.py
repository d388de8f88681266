"""``DbtCheckRules``: what becomes of the tests that dbt selects: left out, attached, or of another severity."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from dbt_component.errors import DefinitionError
from dbt_component.selection.criteria import DEFAULT_SELECT, SelectionCriteria

UnitTestMode = Literal["always", "never", "only_on_request"]
"""When unit tests run: with their model, never, or only if they are selected without their model."""
UNIT_TEST_MODES: tuple[str, ...] = get_args(UnitTestMode)
SEVERITIES = ("warn", "error")


@dataclass(frozen=True)
class DbtCheckRule:
    """A rule for the tests of a selection. ``None`` leaves that aspect of them as it is.

    A selection of models selects their tests too, as in dbt.

    Args:
        select: Nodes to include, in dbt's syntax.
        exclude: Nodes to leave out, in dbt's syntax.
        selector: A selector of selectors.yml, instead of ``select`` and ``exclude``.
        skip: Whether the tests are left out: neither defined as checks nor run.
        attach: The model, seed or snapshot that the tests become checks of: its name, ``package.name``,
            ``name.v2`` for a version, or unique id.
        severity: ``warn`` or ``error``, for dbt too: a failure of severity ``warn`` fails neither the step nor what
            is downstream. Unit tests have no severity and keep failing.
        blocking: Whether a failure keeps what is downstream from being built, by Dagster and by ``dbt build``. A
            failure that does not block still fails the step. Unit tests run before their model, so they always
            block it.

    Raises:
        DefinitionError: ``severity`` is unknown, the rule changes nothing, or ``blocking`` is combined with
            severity ``warn``.
        SelectionError: ``selector`` is combined with ``select`` or ``exclude``.
    """

    select: str = DEFAULT_SELECT
    exclude: str = ""
    selector: str = ""
    skip: bool | None = None
    attach: str | None = None
    severity: str | None = None
    blocking: bool | None = None

    def __post_init__(self) -> None:
        self.criteria  # noqa: B018 - rejects select combined with selector
        if self.severity is not None and self.severity not in SEVERITIES:
            raise DefinitionError(
                f"`severity` is {self.severity!r}, neither 'warn' nor 'error'.", key="severity"
            )
        if self.severity == "warn" and self.blocking:
            raise DefinitionError(
                "`blocking: true` is combined with `severity: warn`, but a warning blocks nothing.",
                key="blocking",
                hint="Remove one of the two.",
            )
        if {self.skip, self.attach, self.severity, self.blocking} == {None}:
            raise DefinitionError(
                f"The rule for {self.criteria} changes nothing.",
                hint="Give it `skip`, `attach`, `severity` or `blocking`.",
            )

    @property
    def criteria(self) -> SelectionCriteria:
        """The selection."""
        return SelectionCriteria(select=self.select, exclude=self.exclude, selector=self.selector)


@dataclass(frozen=True)
class DbtCheckRules:
    """Rules for the dbt tests of a set of definitions.

    Args:
        rules: Applied in order: where several rules say something about an aspect of a test, the last one wins. They
            win over dbt's own configuration, ``meta.dagster`` and overrides.
        unit_tests: ``always`` (default): unit tests are checks and run with their model. ``never``: they are left
            out. ``only_on_request``: they are checks that run if they are selected without their model.

    Raises:
        DefinitionError: ``unit_tests`` is none of these.
    """

    rules: Sequence[DbtCheckRule] = ()
    unit_tests: UnitTestMode = "always"

    def __post_init__(self) -> None:
        if self.unit_tests not in UNIT_TEST_MODES:
            raise DefinitionError(
                f"`unit_tests` is {self.unit_tests!r}, not one of {', '.join(UNIT_TEST_MODES)}.",
                key="checks.unit_tests",
            )
