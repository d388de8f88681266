"""Compares the models, seeds and snapshots of two versions of a project."""

import msgspec

from dbt_component.manifest.index import ManifestIndex


class ManifestDifference(msgspec.Struct, frozen=True):
    """Unique ids of models, seeds and snapshots, sorted. ``changed`` have a different code version."""

    added: list[str]
    changed: list[str]
    removed: list[str]

    def __str__(self) -> str:
        parts = [
            f"{len(ids)} {word}"
            for word, ids in (
                ("added", self.added),
                ("changed", self.changed),
                ("removed", self.removed),
            )
            if ids
        ]
        return ", ".join(parts) or "no model changed"


def compare_manifests(before: ManifestIndex, after: ManifestIndex) -> ManifestDifference:
    """Compares the nodes that become assets, by unique id and code version."""
    old = {n.unique_id: n.code_version for n in before.nodes if n.is_asset}
    new = {n.unique_id: n.code_version for n in after.nodes if n.is_asset}
    return ManifestDifference(
        added=sorted(new.keys() - old.keys()),
        changed=sorted(i for i in new.keys() & old.keys() if new[i] != old[i]),
        removed=sorted(old.keys() - new.keys()),
    )
