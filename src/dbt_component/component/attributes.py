"""The attributes of a component: checked, and with what follows from them."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from dbt_component.component.fields import DbtProjectFields
from dbt_component.component.owned_selection import OwnedSelection
from dbt_component.component.project_ops import Defaults, OpOfProject, ops_of
from dbt_component.component.yaml.checks import Checks
from dbt_component.component.yaml.column_lineage import ColumnLineage
from dbt_component.component.yaml.defer import deferral_of
from dbt_component.component.yaml.launcher_names import refuse_shared_names
from dbt_component.component.yaml.skip_unchanged import skip_policy_of
from dbt_component.component.yaml.switch import switch
from dbt_component.component.yaml.watch import remote_commit_of
from dbt_component.dbt_process.child.child_metadata import COLUMN_LINEAGE, SUMMARIES
from dbt_component.definitions.check_rules import DbtCheckRules
from dbt_component.definitions.op_rules import OpRules
from dbt_component.definitions.view_automation import ViewPolicy
from dbt_component.errors import DefinitionError, SelectionError
from dbt_component.lineage.project_lineage import ColumnSource
from dbt_component.lineage.requirement import require_sqlglot
from dbt_component.project.folder import FolderSource
from dbt_component.project.project import DbtProject
from dbt_component.project.source import ProjectSource
from dbt_component.selection.criteria import SelectionCriteria


@dataclass
class DbtProjectAttributes(DbtProjectFields):
    """The attributes of a component, with what follows from them."""

    def complete_and_check(self) -> None:
        """Fills in defaults and rejects invalid values.

        Raises:
            DefinitionError: Attributes are invalid; the message lists each with its value. Or ``watch`` is
                set for a project without a remote.
            LineageError: The lineage of columns is wanted and sqlglot is not installed.
            SelectionError: ``select`` or ``exclude`` is combined with ``selector``.
        """
        if isinstance(self.project, (str, Path)):  # created in Python; YAML has resolved it already
            self.project = FolderSource(Path(self.project))
        elif isinstance(self.project, DbtProject):
            self.project = FolderSource.of(self.project)
        if self.cli_args is None:
            self.cli_args = ["build"]
        self.defer = deferral_of(self.defer)
        self.skip_unchanged = skip_policy_of(self.skip_unchanged)
        self.check_rules  # noqa: B018 - rejects rules that are not valid
        if "insights" in self._metadata:
            raise DefinitionError(
                "include_metadata 'insights' is a feature of Dagster+ that this component does not support.",
                key="include_metadata",
                hint=f"Remove it. Available: {', '.join(SUMMARIES)}.",
            )
        self._check_lineage()
        self._check_views()
        settings = getattr(self.project, "settings", None)
        if self.defer is not None and settings is not None:
            self.defer.check(settings.state_path)
        self.prepare_if_dev = switch(self.prepare_if_dev, "prepare_if_dev")
        self.exposures = switch(self.exposures, "exposures")
        _refuse_wrong_types(self)
        _refuse_unknown_views(self.views)
        for op in self.project_ops:
            op.run.check(
                may_have_other_options=getattr(settings, "dbt_executable", None) is not None
            )
        self.criteria  # noqa: B018 - rejects select combined with selector
        for position, job in enumerate(self.jobs):
            with job.named(position):
                job.criteria  # noqa: B018 - as above
        for position, schedule in enumerate(self.schedules or []):
            with schedule.named(position):
                schedule.refuse_bad_job(job.name for job in self.jobs)
                schedule.criteria  # noqa: B018 - as above
        if self.source_freshness is not None:
            self.source_freshness.check()
        refuse_shared_names(self.jobs, self.schedules or [])
        if self.watch is not None:
            remote_commit_of(self.project_source)

    @property
    def project_source(self) -> ProjectSource:
        """The project, which may not be on this machine."""
        # Other forms were replaced when the component was made.
        assert not isinstance(self.project, (str, Path, DbtProject))
        return self.project

    @property
    def project_ops(self) -> list[OpOfProject]:
        """The ops; the last is the default op.

        Raises:
            DagsterDbtError: A value is not valid, or two ops have one name; the key names it.
        """
        defaults = Defaults(self.cli_args, self.retry, self.run_config, self.include_metadata or ())
        return ops_of(self.op, self.ops or (), defaults)

    @property
    def op_rules(self) -> list[OpRules]:
        """What the ops say about their nodes; the last is the default op."""
        return [op.rules for op in self.project_ops]

    @property
    def _metadata(self) -> set[str]:
        """All kinds of metadata that one of the ops fetches."""
        own = {kind for op in self.ops or () for kind in op.include_metadata or ()}
        return {*(self.include_metadata or ()), *own}

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
    def lineage_columns_from(self) -> ColumnSource | None:
        """Where the columns are read whose lineage the state contains; ``None`` if it contains none."""
        if COLUMN_LINEAGE not in self._metadata:
            return None
        return (self.column_lineage or ColumnLineage()).source

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

    def _check_lineage(self) -> None:
        is_wanted = COLUMN_LINEAGE in self._metadata
        if self.column_lineage is not None and not is_wanted:
            raise DefinitionError(
                "`column_lineage` has no effect, because `include_metadata` does not list `column_lineage`.",
                key="column_lineage",
                hint="Write `include_metadata: [column_lineage]`, or remove this key.",
            )
        if is_wanted:
            require_sqlglot("include_metadata: [column_lineage]")

    @property
    def criteria(self) -> SelectionCriteria:
        """This component's own selection."""
        return SelectionCriteria(
            select=self.select, exclude=self.exclude or "", selector=self.selector or ""
        )

    @property
    def selections(self) -> list[OwnedSelection]:
        """All selections; the component's own comes last."""
        rules, freshness = self.check_rules, self.source_freshness
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
            *([OwnedSelection(freshness.criteria, "source_freshness")] if freshness else []),
            OwnedSelection(self.criteria),
        ]

    def name_selection(self, error: SelectionError) -> None:
        """Adds the owner of a refused selection to the error: its key, and the name of a job, schedule or op."""
        for selection in self.selections:
            selection.name(error)
        error.refused = ()


def _refuse_wrong_types(attributes: DbtProjectAttributes) -> None:
    """Rejects values of a wrong type, which templates may produce; lists all of them in one error."""
    problems = [
        f"`{name}` must be text, not {value!r}"
        for name in ("select", "exclude", "selector")
        if not isinstance(value := getattr(attributes, name) or "", str)
    ]
    lists = {"include_metadata": attributes.include_metadata or ()}
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
