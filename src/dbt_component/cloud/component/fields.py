"""The schema of `attributes:` of DbtCloudComponent in defs.yaml."""

from dataclasses import dataclass
from typing import Annotated

import dagster as dg

from dbt_component.cloud.component.workspace_args import WorkspaceArgs
from dbt_component.cloud.workspace import DbtCloudWorkspace
from dbt_component.component.fields import DbtFields


@dataclass
class _WorkspaceField(dg.Resolvable):
    """Its own class, so that it comes first."""

    workspace: Annotated[
        WorkspaceArgs | DbtCloudWorkspace,  # in this order: Dagster looks into the first only
        dg.Resolver(
            WorkspaceArgs.resolve_from_model,
            model_field_type=WorkspaceArgs.model(),
            inject_before_resolve=False,
            description="The environment on the dbt platform, and the token to speak to it.",
            examples=[
                {
                    "account_id": "{{ env('DBT_CLOUD_ACCOUNT_ID') }}",
                    "token": "{{ env('DBT_CLOUD_TOKEN') }}",
                    "access_url": "https://ab123.us1.dbt.com",
                    "project_id": "{{ env('DBT_CLOUD_PROJECT_ID') }}",
                    "environment_id": "{{ env('DBT_CLOUD_ENVIRONMENT_ID') }}",
                }
            ],
        ),
    ]


@dataclass
class DbtCloudFields(DbtFields, _WorkspaceField):
    """The attributes of DbtCloudComponent."""

    create_sensor: Annotated[
        bool,
        dg.Resolver.default(
            description="Whether a sensor reports what runs on the platform that Dagster did not start have built and"
            " tested. Default: yes."
        ),
    ] = True
    timeout_seconds: Annotated[
        float | None,
        dg.Resolver.default(
            description="How long a run on the platform may take, in seconds, before it is cancelled. Default: no limit."
        ),
    ] = None
