"""The contents of a state that is made from a manifest.json alone: nothing is parsed, and no project is stored."""

import hashlib
from collections.abc import Collection, Mapping

import msgspec

from dbt_component.dbt_process.engine import find_engine
from dbt_component.dbt_process.parse_cache import split_parse_cache
from dbt_component.manifest.parse import decode_manifest, parse_manifest
from dbt_component.manifest.read import refuse_unreadable
from dbt_component.manifest.timeless import without_places, without_times
from dbt_component.manifest.unbuilt import without_builds
from dbt_component.project.collector import paused_collector
from dbt_component.project.fingerprint import Fingerprint
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.resolve import resolve_in_manifest
from dbt_component.project.state import (
    FORMAT,
    FORMAT_VERSION,
    Provenance,
    StateContents,
    StateHeader,
)
from dbt_component.selection.criteria import SelectionCriteria
from dbt_component.version import __version__

MANIFEST = "manifest.json"
"""The setting of the fingerprint that identifies the manifest."""


def build_manifest_state(
    manifest_json: bytes,
    request: RefreshRequest,
    *,
    source: str,
    where: str,
    settings: Mapping[str, str],
    further: Mapping[str, bytes],
) -> StateContents:
    """Builds a state from a manifest.json; takes as long as indexing it, and dbt's answers to the selections.

    Args:
        manifest_json: The file as dbt wrote it.
        request: What the state must contain. Variables of runs count as tried: whoever runs dbt parses the project.
        source: Where the manifest comes from, for people.
        where: The place of the file, for messages.
        settings: Inputs to compare with at the next refresh, besides the manifest itself.
        further: Further parts of the state, by name.

    Raises:
        ProjectFileError: It is not a manifest, or one of a newer schema than dbt 1.11's.
        SelectionError: dbt does not accept a selection.
    """
    with paused_collector():
        decoded = decode_manifest(manifest_json)
        refuse_unreadable(
            decoded,
            where=where,
            hint="Run a job of dbt there again. A state that exists stays in use.",
        )
        manifest = without_builds(without_places(without_times(decoded)))
        index, raw_nodes = parse_manifest(manifest)
    timeless = msgspec.json.encode(manifest)
    fingerprint = Fingerprint(
        files={}, settings={**settings, MANIFEST: digest_of(timeless)}, env={}, salt=""
    )
    toc, parse_cache = split_parse_cache(None)
    return StateContents(
        header=StateHeader(
            format=FORMAT,
            format_version=FORMAT_VERSION,
            input_digest=fingerprint.digest,
            project_dir="",
            has_profiles=False,
            runtime_vars=[],
            runtime_vars_tried=list(request.runtime_vars),
            provenance=Provenance(
                project_name=index.project_name or "",
                source=source,
                dbt_version=index.dbt_version,
                package_version=__version__,
                adapter_type=index.adapter_type,
                replaces=request.replaces,
            ),
        ),
        fingerprint=fingerprint,
        index=index,
        selections=_resolved(timeless, request.selections),
        raw_nodes=raw_nodes,
        parse_cache_toc=toc,
        parse_cache=parse_cache,
        manifest_json=timeless,
        project_zip=b"",
        further=dict(further),
    )


def digest_of(timeless_manifest: bytes) -> str:
    """Identifies a manifest without its times."""
    return hashlib.sha256(timeless_manifest).hexdigest()[:32]


def _resolved(
    manifest_json: bytes, selections: Collection[SelectionCriteria]
) -> dict[str, list[str]]:
    if not selections:
        return {}
    return resolve_in_manifest(find_engine(None), manifest_json, [*selections])
