"""Where the durations of a project's nodes are kept."""

import hashlib

from dbt_component.execution.timeline.history import DurationHistory
from dbt_component.manifest.index import ManifestIndex
from dbt_component.project.cache import cache_folder
from dbt_component.project.project import DbtProject


def history_of(project: DbtProject, index: ManifestIndex) -> DurationHistory:
    """The durations of a project's nodes in earlier runs on this machine.

    They are kept in the cache folder, by the names of project, profile and target: a project in Git is in another
    folder after each commit.
    """
    identity = [index.project_name, index.project_id, project.profile, project.target]
    digest = hashlib.sha256(repr(identity).encode()).hexdigest()[:16]
    return DurationHistory(cache_folder("durations") / digest)
