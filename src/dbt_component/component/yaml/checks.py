"""``checks:`` of defs.yaml."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Literal

import dagster as dg
from pydantic import Field

from dbt_component.component.yaml.selected_nodes import SelectedNodes
from dbt_component.component.yaml.strict_model import StrictResolvable
from dbt_component.definitions.check_rules import DbtCheckRule, DbtCheckRules
from dbt_component.errors import DagsterDbtError


class CheckRule(SelectedNodes):
    """A rule for the tests of a selection."""

    skip: Annotated[
        bool | None,
        dg.Resolver.default(
            description="Whether the tests are left out: neither defined as checks nor run."
        ),
    ] = None
    attach: Annotated[
        str | None,
        dg.Resolver.default(
            description="The model, seed or snapshot that the tests become checks of: its name, `package.name`,"
            " `name.v2` for a version, or unique id.",
            examples=["fct_orders"],
        ),
    ] = None
    severity: Annotated[
        Literal["warn", "error"] | None,
        dg.Resolver.default(
            description="The severity of a failure, for dbt too: a warning fails neither the step nor what is"
            " downstream. Unit tests have no severity.",
        ),
    ] = None
    blocking: Annotated[
        bool | None,
        dg.Resolver.default(
            description="Whether a failure keeps what is downstream from being built, by Dagster and by `dbt build`."
            " Unit tests run before their model, so they always block it.",
        ),
    ] = None


class Checks(StrictResolvable):
    """Rules for dbt tests."""

    unit_tests: Annotated[
        Literal["always", "never", "only_on_request"],
        dg.Resolver.default(
            description="Unit tests: `always` (default) are checks that run with their model; `never` are left out;"
            " `only_on_request` are checks that run if they are selected without their model.",
        ),
    ] = "always"
    rules: Annotated[
        Sequence[CheckRule],
        dg.Resolver.default(
            description="Rules for the tests that dbt selects, applied in order: where several say something about an"
            " aspect of a test, the last one wins.",
            examples=[[{"select": "tag:slow", "skip": True}]],
        ),
    ] = Field(default_factory=list)

    def check_rules(self) -> DbtCheckRules:
        """The rules.

        Raises:
            DefinitionError: A rule is not valid; the error names its key.
            SelectionError: A rule combines ``selector`` with ``select`` or ``exclude``.
        """
        rules = []
        for position, rule in enumerate(self.rules):
            with _named(position):
                rules.append(DbtCheckRule(**dict(rule)))
        return DbtCheckRules(rules=tuple(rules), unit_tests=self.unit_tests)


@contextmanager
def _named(position: int) -> Iterator[None]:
    """Adds the key of a rule to errors about it."""
    key = f"checks.rules[{position}]"
    try:
        yield
    except DagsterDbtError as error:
        error.key = f"{key}.{error.key}" if error.key else key
        raise
