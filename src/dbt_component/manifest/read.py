"""Reads a manifest from a file or a decoded dict, with a cache."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from dbt_component.errors import DagsterDbtManifestNotFoundError, ProjectFileError
from dbt_component.manifest.entries import MappingEntries
from dbt_component.manifest.manifest import Manifest
from dbt_component.manifest.parse import (
    decode_manifest,
    index_manifest,
    newer_schema_of,
    what_is_wrong_with,
)
from dbt_component.manifest.recent import Recent

_HINT = "Pass the manifest.json that `dbt parse` writes to the project's target folder."


def read_manifest(
    source: "str | Path | Mapping[str, Any] | Manifest", *, vars_digest: str = ""
) -> Manifest:
    """Reads and indexes a manifest of dbt 1.8 or later.

    The few most recent ones are cached: a file until its size or modification time changes, a mapping by
    identity. Do not modify a mapping after passing it.

    Args:
        source: Path of manifest.json, its decoded content, or a Manifest, which is returned unchanged.
        vars_digest: Hash of all variables that the project was parsed with; part of the code version of
            nodes that read variables.

    Raises:
        DagsterDbtManifestNotFoundError: There is no such file.
        ProjectFileError: The file or mapping is not a dbt manifest, or one of a newer schema than dbt 1.11's.
    """
    if isinstance(source, Manifest):
        return source
    if isinstance(source, (str, os.PathLike)):
        return _read_file(Path(source), vars_digest)
    key = (id(source), vars_digest)
    kept = _mappings.find(key)
    if kept is None:
        kept = (source, _index(source, where=None, vars_digest=vars_digest))
        _mappings.keep(key, kept)
    return kept[1]


def _read_file(path: Path, vars_digest: str) -> Manifest:
    try:
        status = path.stat()
        key = (str(path.resolve()), status.st_size, status.st_mtime_ns, vars_digest)
        kept = _files.find(key)
        if kept is not None:
            return kept
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise DagsterDbtManifestNotFoundError(
            "There is no dbt manifest.json.",
            where=str(path),
            hint="Run `dbt parse` in the project, or correct the path.",
        ) from error
    except OSError as error:
        raise ProjectFileError(
            f"The manifest can't be read: {error.strerror}.", where=str(path), hint=_HINT
        ) from error
    try:
        content = decode_manifest(data)
    except msgspec.DecodeError as error:
        raise ProjectFileError(
            f"The manifest is not valid JSON: {error}.", where=str(path), hint=_HINT
        ) from error
    manifest = _index(content, where=str(path), vars_digest=vars_digest)
    _files.keep(key, manifest)
    return manifest


def refuse_unreadable(content: object, *, where: str | None, hint: str = _HINT) -> None:
    """Accepts what has the form of a manifest that this release reads.

    Args:
        content: A decoded file.
        where: Where it comes from, for messages.
        hint: What to do if it is something else.

    Raises:
        ProjectFileError: It is not a dbt manifest, or one of a newer schema than dbt 1.11's.
    """
    problem = what_is_wrong_with(content)
    if problem is not None:
        raise ProjectFileError(f"This is not a dbt manifest: {problem}.", where=where, hint=hint)
    assert isinstance(content, Mapping), "what is wrong would be its type"
    newer = newer_schema_of(content)
    if newer is not None:
        raise ProjectFileError(
            f"The manifest has schema {newer!r}, which is newer than this release of dbt-component.",
            where=where,
            hint="Update dbt-component, or parse the project with dbt 1.8 to 1.11.",
        )


def _index(content: Mapping[str, Any], *, where: str | None, vars_digest: str) -> Manifest:
    refuse_unreadable(content, where=where)
    try:
        index = index_manifest(content, vars_digest=vars_digest)
    except (KeyError, TypeError, AttributeError) as error:
        raise ProjectFileError(
            f"The manifest has an entry that no supported dbt writes: {error!r}.",
            where=where,
            hint="Manifests of dbt 1.8 and later are supported.",
        ) from error
    return Manifest(index, MappingEntries(content))


_files: Recent[tuple[str, int, int, str], Manifest] = Recent()
# Holds the mapping too, so that no other object can have its id.
_mappings: Recent[tuple[int, str], tuple[Mapping[str, Any], Manifest]] = Recent()
