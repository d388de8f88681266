"""What dbt selects for a job: assets, checks, and tests that are checks of no asset."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

import dagster as dg

from dbt_component.definitions.spec_builder import SelectedSpecs


@dataclass(frozen=True)
class JobSelection:
    """The part of a component's definitions that a job runs.

    ``loose_tests`` are the unique ids of tests that are checks of no asset, which Dagster can't select: the
    steps of the job run them. ``partitions`` are those of each asset; ``None`` for an asset without partitions.
    ``unique_ids`` is all of dbt's selection.
    """

    asset_keys: Sequence[dg.AssetKey] = ()
    check_keys: Sequence[dg.AssetCheckKey] = ()
    loose_tests: Sequence[str] = ()
    partitions: Mapping[dg.AssetKey, dg.PartitionsDefinition | None] = field(default_factory=dict)
    unique_ids: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that Dagster can select."""
        return not self.asset_keys and not self.check_keys

    @classmethod
    def of(cls, specs: SelectedSpecs, selected_ids: Set[str]) -> "JobSelection":
        """Returns the selection of these unique ids, as far as the component itself selects them."""
        ids = specs.node_map
        keys = [key for key, unique_id in ids.asset_ids.items() if unique_id in selected_ids]
        chosen_keys = frozenset(keys)
        chosen = ids.selected_ids.intersection(selected_ids)
        checks = frozenset(ids.check_ids.values())
        return cls(
            asset_keys=keys,
            check_keys=[
                key for key, unique_id in ids.check_ids.items() if unique_id in selected_ids
            ],
            loose_tests=sorted(
                unique_id
                for unique_id in chosen
                if unique_id in specs.index.test_by_id and unique_id not in checks
            ),
            partitions={
                spec.key: spec.partitions_def
                for spec in specs.asset_specs
                if spec.key in chosen_keys
            },
            unique_ids=chosen,
        )
