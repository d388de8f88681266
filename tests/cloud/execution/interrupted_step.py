"""Runs an endless step on a platform: the process that a test interrupts. Arguments: URL, account, token, job, manifest."""

import sys
from collections.abc import Iterator
from typing import Any

import dagster as dg

from dbt_component import dbt_assets
from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.execution.invocation import invoke_on_platform


def main(access_url: str, account_id: str, token: str, job_id: str, manifest: str) -> None:
    client = DbtCloudClient(int(account_id), token=token, access_url=access_url)

    @dbt_assets(manifest=manifest, name="bakery")
    def bakery(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from invoke_on_platform(
            ["build", "--vars", '{"baking_seconds": 300}'],
            client=client,
            pick_job=lambda _: int(job_id),
            context=context,
        ).stream()

    dg.materialize([bakery])


if __name__ == "__main__":
    main(*sys.argv[1:])
