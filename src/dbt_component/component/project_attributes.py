"""The attributes of DbtProjectComponent: checked, and with what follows from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from dbt_component.component.attributes import DbtAttributes
from dbt_component.component.owned_selection import OwnedSelection
from dbt_component.component.project_fields import DbtProjectFields
from dbt_component.component.yaml.column_lineage import ColumnLineage
from dbt_component.component.yaml.defer import deferral_of
from dbt_component.component.yaml.skip_unchanged import skip_policy_of
from dbt_component.component.yaml.watch import remote_commit_of
from dbt_component.dbt_process.child.child_metadata import COLUMN_LINEAGE, SUMMARIES
from dbt_component.errors import DefinitionError
from dbt_component.lineage.project_lineage import ColumnSource
from dbt_component.lineage.requirement import require_sqlglot
from dbt_component.project.folder import FolderSource
from dbt_component.project.project import DbtProject
from dbt_component.project.source import ProjectSource


@dataclass
class DbtProjectAttributes(DbtAttributes, DbtProjectFields):
    """The attributes of DbtProjectComponent, with what follows from them."""

    @override
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
        self.defer = deferral_of(self.defer)
        self.skip_unchanged = skip_policy_of(self.skip_unchanged)
        if "insights" in self._metadata:
            raise DefinitionError(
                "include_metadata 'insights' is a feature of Dagster+ that this component does not support.",
                key="include_metadata",
                hint=f"Remove it. Available: {', '.join(SUMMARIES)}.",
            )
        self._check_lineage()
        settings = getattr(self.project, "settings", None)
        if self.defer is not None and settings is not None:
            self.defer.check(settings.state_path)
        super().complete_and_check()
        if self.source_freshness is not None:
            self.source_freshness.check()
        if self.watch is not None:
            remote_commit_of(self.project_source)

    @property
    @override
    def may_have_other_options(self) -> bool:
        settings = getattr(self.project, "settings", None)
        return getattr(settings, "dbt_executable", None) is not None

    @property
    @override
    def metadata_kinds(self) -> Sequence[str]:
        return self.include_metadata or ()

    @property
    @override
    def further_selections(self) -> list[OwnedSelection]:
        freshness = self.source_freshness
        return [OwnedSelection(freshness.criteria, "source_freshness")] if freshness else []

    @property
    def project_source(self) -> ProjectSource:
        """The project, which may not be on this machine."""
        # Other forms were replaced when the component was made.
        assert not isinstance(self.project, (str, Path, DbtProject))
        return self.project

    @property
    def _metadata(self) -> set[str]:
        """All kinds of metadata that one of the ops fetches."""
        own = {kind for op in self.ops or () for kind in op.include_metadata or ()}
        return {*(self.include_metadata or ()), *own}

    @property
    def lineage_columns_from(self) -> ColumnSource | None:
        """Where the columns are read whose lineage the state contains; ``None`` if it contains none."""
        if COLUMN_LINEAGE not in self._metadata:
            return None
        return (self.column_lineage or ColumnLineage()).source

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
