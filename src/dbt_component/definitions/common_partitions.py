"""The partitions that all assets of a job share: a run is of one partition."""

from collections.abc import Mapping

import dagster as dg

from dbt_component.definitions.listing import listed
from dbt_component.errors import DefinitionError


def common_partitions(
    subject: str,
    partitions: Mapping[dg.AssetKey, dg.PartitionsDefinition | None],
    *,
    owner: str = "job",
    where: str | None = None,
) -> dg.PartitionsDefinition | None:
    """The partitions of a job of these assets; ``None`` if none of them has partitions.

    Args:
        subject: The job, or the schedule that it belongs to, for errors.
        partitions: The partitions of each asset; assets without partitions may be in any job.
        owner: What to write once for each partitions definition: ``job`` or ``schedule``.
        where: The place where the job is written, for errors.

    Raises:
        DefinitionError: The assets have different partitions definitions, so Dagster can't launch them together;
            the message lists assets of each.
    """
    keys: dict[dg.PartitionsDefinition, list[str]] = {}
    for key, partitions_def in partitions.items():
        if partitions_def is not None:
            keys.setdefault(partitions_def, []).append(key.to_user_string())
    if len(keys) > 1:
        table = "\n".join(f"  {listed(names)}: {found}" for found, names in keys.items())
        raise DefinitionError(
            f"{subject} selects assets with different partitions, but a run is of one partition:\n{table}",
            where=where,
            hint=f"Write one {owner} for each, with a `select` of its own.",
        )
    return next(iter(keys), None)
