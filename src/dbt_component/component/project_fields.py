"""The schema of `attributes:` of DbtProjectComponent in defs.yaml."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import dagster as dg

from dbt_component.component.fields import DbtFields
from dbt_component.component.yaml.column_lineage import ColumnLineage
from dbt_component.component.yaml.defer import DeferValue, resolve_defer
from dbt_component.component.yaml.metadata_kinds import metadata_kinds
from dbt_component.component.yaml.project import (
    ProjectModel,
    resolve_project,
)
from dbt_component.component.yaml.skip_unchanged import (
    SkipUnchangedValue,
    resolve_skip_unchanged,
)
from dbt_component.component.yaml.source_freshness import SourceFreshness
from dbt_component.component.yaml.watch import Watch
from dbt_component.dbt_process.child.child_metadata import SUMMARIES
from dbt_component.execution.deferral import Deferral
from dbt_component.execution.unchanged.skip_policy import SkipPolicy
from dbt_component.project.project import DbtProject
from dbt_component.project.source import ProjectSource


@dataclass
class _ProjectField(dg.Resolvable):
    """Its own class, so that it comes first."""

    project: Annotated[
        ProjectSource | DbtProject | Path | str,
        dg.Resolver(
            resolve_project,
            model_field_type=ProjectModel,
            inject_before_resolve=False,
            description="The dbt project: the path of its folder, a mapping, or a mapping with `repo_url`"
            " for one in Git. Paths are relative to the folder of this file.",
            examples=[
                "{{ context.project_root }}/transform",
                {"project_dir": "{{ context.project_root }}/transform", "target": "prod"},
                {"repo_url": "https://github.com/my-org/my-repo.git", "ref": "main"},
            ],
        ),
    ]


@dataclass
class DbtProjectFields(DbtFields, _ProjectField):
    """The attributes of DbtProjectComponent."""

    defer: Annotated[
        Deferral | None,
        dg.Resolver(
            resolve_defer,
            model_field_type=DeferValue,
            inject_before_resolve=False,
            description="Whether dbt reads models that do not exist in the target's own schema from another"
            " environment: that of the manifest.json in `project.state_path`, or in the folder that a mapping"
            " names. Applies to every dbt command that compiles nodes; `--no-defer`, `--defer-state` and the"
            " like in `cli_args` win. A run fails if there is no such manifest.json. Default: no.",
            examples=[
                True,
                {"state_path": "../production"},
                "{{ env('DBT_DEFER', 'false') }}",
            ],
        ),
    ] = None
    skip_unchanged: Annotated[
        SkipPolicy | None,
        dg.Resolver(
            resolve_skip_unchanged,
            model_field_type=SkipUnchangedValue,
            inject_before_resolve=False,
            description="Whether runs that build leave out tables, views and seeds whose code and inputs are those of"
            " their last good build, and tests that passed for the same code and data. A run can say otherwise in its"
            " config. Default: no.",
            examples=[True, {"unknown_sources": "skip", "sources": "all"}],
        ),
    ] = None
    include_metadata: Annotated[
        list[str],
        metadata_kinds(
            "Metadata of what is built and tested, fetched through dbt's adapter: "
            + ", ".join(f"`{name}` ({summary})" for name, summary in SUMMARIES.items())
            + "."
        ),
    ] = field(default_factory=list)
    column_lineage: Annotated[
        ColumnLineage | None,
        dg.Resolver.default(
            description="For `column_lineage` in `include_metadata`: how it is traced before the first run.",
            examples=[{"columns_from": "database"}],
        ),
    ] = None
    source_freshness: Annotated[
        SourceFreshness | None,
        dg.Resolver.default(
            description="`dbt source freshness` as a check and observations of each source: on a schedule, on request,"
            " and before what reads the source is built. Default: no such checks.",
            examples=[{"cron_schedule": "0 * * * *", "before_build": True}],
        ),
    ] = None
    watch: Annotated[
        Watch | None,
        dg.Resolver.default(
            description="For a project in Git: a sensor that watches the ref and refreshes the state when"
            " the ref moves.",
            examples=[{"interval_seconds": 60, "default_status": "RUNNING"}],
        ),
    ] = None
