"""`dg scaffold defs dbt_component.DbtCloudComponent NAME`."""

from typing import Any

import click
from dagster import Scaffolder, ScaffoldRequest, scaffold_component

from dbt_component.component.scaffold_templates import render

_VARIABLES = (
    "DBT_CLOUD_ACCOUNT_ID",
    "DBT_CLOUD_TOKEN",
    "DBT_CLOUD_ACCESS_URL",
    "DBT_CLOUD_PROJECT_ID",
    "DBT_CLOUD_ENVIRONMENT_ID",
)


class DbtCloudComponentScaffolder(Scaffolder[Any]):
    """Writes a defs.yaml that takes everything about the workspace from environment variables."""

    def scaffold(self, request: ScaffoldRequest[Any]) -> None:
        """Writes the file, and says which variables it reads."""
        workspace = {
            name.removeprefix("DBT_CLOUD_").lower(): f"{{{{ env('{name}') }}}}"
            for name in _VARIABLES
        }
        if request.scaffold_format == "yaml" and not request.append:
            text = render("cloud/defs.yaml.jinja", type_name=request.type_name, workspace=workspace)
            (request.target_path / "defs.yaml").write_text(text)
        else:
            scaffold_component(request, {"workspace": workspace})
        click.echo(f"Set {', '.join(_VARIABLES)}, then run `dg utils refresh-defs-state`.")
