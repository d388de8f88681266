"""The attributes of a component: checked, and with what follows from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from dbt_component.component.fields import DbtFields
from dbt_component.component.owned_selection import OwnedSelection
from dbt_component.component.project_ops import Defaults, OpOfProject, ops_of
from dbt_component.component.yaml.checks import Checks
from dbt_component.component.yaml.launcher_names import refuse_shared_names
from dbt_component.component.yaml.switch import switch
from dbt_component.dbt_process.child.child_metadata import SUMMARIES
from dbt_component.definitions.check_rules import DbtCheckRules
from dbt_component.definitions.op_rules import OpRules
from dbt_component.definitions.view_automation import ViewPolicy
from dbt_component.errors import DefinitionError, SelectionError
from dbt_component.selection.criteria import SelectionCriteria


@dataclass
class DbtAttributes(DbtFields):
    """The attributes that every component of a dbt project has, with what follows from them."""

    def complete_and_check(self) -> None:
        """Fills in defaults and rejects invalid values.

        Raises:
            DefinitionError: Attributes are invalid; the message lists each with its value.
            SelectionError: ``select`` or ``exclude`` is combined with ``selector``.
        """
        if self.cli_args is None:
            self.cli_args = ["build"]
        self.check_rules  # noqa: B018 - rejects rules that are not valid
        self._check_views()
        self.prepare_if_dev = switch(self.prepare_if_dev, "prepare_if_dev")
        self.exposures = switch(self.exposures, "exposures")
        _refuse_wrong_types(self)
        _refuse_unknown_views(self.views)
        for op in self.project_ops:
            op.run.check(may_have_other_options=self.may_have_other_options)
        self.criteria  # noqa: B018 - rejects select combined with selector
        for position, job in enumerate(self.jobs):
            with job.named(position):
                job.criteria  # noqa: B018 - as above
        for position, schedule in enumerate(self.schedules or []):
            with schedule.named(position):
                schedule.refuse_bad_job(job.name for job in self.jobs)
                schedule.criteria  # noqa: B018 - as above
        refuse_shared_names(self.jobs, self.schedules or [])

    @property
    def may_have_other_options(self) -> bool:
        """Whether the dbt that runs may have options that no known version has."""
        return False

    @property
    def metadata_kinds(self) -> Sequence[str]:
        """The kinds of metadata that ops fetch unless they say otherwise."""
        return ()

    @property
    def project_ops(self) -> list[OpOfProject]:
        """The ops; the last is the default op.

        Raises:
            DagsterDbtError: A value is not valid, or two ops have one name; the key names it.
        """
        defaults = Defaults(self.cli_args, self.retry, self.run_config, self.metadata_kinds)
        return ops_of(self.op, self.ops or (), defaults)

    @property
    def op_rules(self) -> list[OpRules]:
        """What the ops say about their nodes; the last is the default op."""
        return [op.rules for op in self.project_ops]

    @property
    def check_rules(self) -> DbtCheckRules | None:
        """The rules of ``checks``; ``None`` without them.

        Raises:
            DefinitionError: A rule is not valid.
            SelectionError: A rule combines ``selector`` with ``select`` or ``exclude``.
        """
        checks = self.checks
        return checks.check_rules() if isinstance(checks, Checks) else checks

    @property
    def view_policy(self) -> ViewPolicy:
        """What automation does with views."""
        return ViewPolicy(self.views or "always")

    def _check_views(self) -> None:
        settings = self.translation_settings
        if self.views == "always" and settings and settings.enable_dbt_views_as_virtual_assets:
            raise DefinitionError(
                "`views` is 'always', but `translation_settings.enable_dbt_views_as_virtual_assets` is on.",
                key="views",
                hint="Write `views: virtual`, and remove the setting.",
            )

    @property
    def criteria(self) -> SelectionCriteria:
        """This component's own selection."""
        return SelectionCriteria(
            select=self.select, exclude=self.exclude or "", selector=self.selector or ""
        )

    @property
    def selections(self) -> list[OwnedSelection]:
        """All selections; the component's own comes last."""
        rules = self.check_rules
        return [
            *(
                OwnedSelection(job.criteria, f"jobs[{position}]", f"Job {job.name!r}")
                for position, job in enumerate(self.jobs)
            ),
            *(
                OwnedSelection(each.criteria, f"schedules[{position}]", f"Schedule {each.name!r}")
                for position, each in enumerate(self.schedules)
                if each.own_job is not None
            ),
            *(
                OwnedSelection(op.criteria, f"ops[{position}]", f"Op {op.name!r}")
                for position, op in enumerate(self.ops)
            ),
            *(
                OwnedSelection(rule.criteria, f"checks.rules[{position}]")
                for position, rule in enumerate(rules.rules if rules is not None else ())
            ),
            *self.further_selections,
            OwnedSelection(self.criteria),
        ]

    @property
    def further_selections(self) -> list[OwnedSelection]:
        """Selections of keys that only some components have."""
        return []

    def name_selection(self, error: SelectionError) -> None:
        """Adds the owner of a refused selection to the error: its key, and the name of a job, schedule or op."""
        for selection in self.selections:
            selection.name(error)
        error.refused = ()


def _refuse_wrong_types(attributes: DbtAttributes) -> None:
    """Rejects values of a wrong type, which templates may produce; lists all of them in one error."""
    problems = [
        f"`{name}` must be text, not {value!r}"
        for name in ("select", "exclude", "selector")
        if not isinstance(value := getattr(attributes, name) or "", str)
    ]
    lists = {"include_metadata": attributes.metadata_kinds}
    for position, op in enumerate(attributes.ops or ()):
        lists[f"ops[{position}].include_metadata"] = op.include_metadata or ()
    for name, items in lists.items():
        if wrong := [item for item in items if item not in SUMMARIES]:
            problems.append(f"`{name}` accepts {list(SUMMARIES)}, not {wrong!r}")
    if problems:
        first = problems[0].split("`")[1]
        raise DefinitionError("; ".join(problems) + ".", key=first)


def _refuse_unknown_views(views: object) -> None:
    policies = [policy.value for policy in ViewPolicy]
    if views is None or views in policies:
        return
    close = get_close_matches(str(views), policies, n=1)
    known = ", ".join(f"`{policy}`" for policy in policies)
    raise DefinitionError(
        f"`views` must be one of {known}, not {views!r}.",
        key="views",
        hint=f"Did you mean {close[0]!r}?" if close else None,
    )
