"""The command `dbt-component`."""

import click

from dbt_component.cli.cloud import cloud
from dbt_component.cli.doctor import doctor
from dbt_component.cli.plan import plan
from dbt_component.cli.project import project
from dbt_component.cli.state import state


@click.group()
@click.version_option(package_name="dbt-component")
def main() -> None:
    """Inspects, prepares and maintains dbt projects that run under Dagster."""


main.add_command(cloud)
main.add_command(doctor)
main.add_command(plan)
main.add_command(project)
main.add_command(state)
