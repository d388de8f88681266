"""Runs of real dbt on the stand-in platform, whose results recorded runs have."""

import json
from dataclasses import replace
from typing import NamedTuple

from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.sensor.observed_project import ObservedProject, observe_all
from dbt_component.definitions.resolving_manifest import ResolvingManifest
from dbt_component.definitions.spec_rules import SpecRules
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.manifest.manifest import Manifest
from dbt_component.manifest.read import read_manifest
from tests.dbt_platform import RunStatus, StandInPlatform
from tests.dbt_platform.run import Run


class Sources(NamedTuple):
    """Runs of real dbt.

    ``good`` has the steps build (of nothing), seed, run, test, and one that fails before it has results of its own;
    ``bad`` is a build in which a test fails, and ``retried`` resumes it. ``empty`` is the first step of ``good``.
    """

    good: Run
    bad: Run
    retried: Run
    empty: Run
    manifest: Manifest
    project: ObservedProject


def run_sources(platform: StandInPlatform) -> Sources:
    platform.clear_faults()

    def run(*steps: str) -> Run:
        job = platform.create_job("source of recorded runs", list(steps))
        return platform.wait_for(platform.trigger(job.id).id)

    good = run(
        "dbt build --select tag:nothing",
        "dbt seed",
        "dbt run",
        "dbt test",
        "dbt test --selector none",
    )
    bad = run("dbt build --vars 'minimum_amount: 1000000'")
    client = DbtCloudClient(
        platform.account_id, token=platform.token, access_url=platform.access_url
    )
    retried = platform.wait_for(client.retry(bad.id).id)
    first = next(n for n, step in enumerate(good.steps) if "dbt build" in step.name)
    empty = replace(good, status=RunStatus.SUCCESS, steps=good.steps[: first + 1])
    content = (bad.steps[-1].artifacts / "manifest.json").read_bytes()
    translator = DagsterDbtTranslator()
    manifest = read_manifest(json.loads(content))
    view = ResolvingManifest(manifest, SpecRules(translator, translator.settings), None)
    return Sources(good, bad, retried, empty, manifest, observe_all(view))
