"""Reading of manifests from files and from memory."""

import json
import os
from pathlib import Path

import pytest

from dbt_component.errors import DagsterDbtManifestNotFoundError, ProjectError, ProjectFileError
from dbt_component.manifest.read import read_manifest
from tests.manifest_entries import manifest_of, model


def write(path: Path, *names: str) -> Path:
    path.write_text(json.dumps(manifest_of(*[model(name) for name in names])))
    return path


def test_a_file_is_read_again_only_if_it_changed(tmp_path: Path) -> None:
    path = write(tmp_path / "manifest.json", "a")
    first = read_manifest(path)
    assert read_manifest(str(path)) is first
    assert read_manifest(first) is first
    write(path, "b")
    os.utime(path, ns=(1, 1))  # the size is the same
    assert "model.shop.b" in read_manifest(path)["nodes"]


def test_a_mapping_is_indexed_once() -> None:
    content = manifest_of(model("a"))
    first = read_manifest(content)
    assert read_manifest(content) is first
    assert read_manifest(manifest_of(model("a"))) is not first
    for number in range(20):
        read_manifest(manifest_of(model(f"m{number}")))
    assert list(read_manifest(content)["nodes"]) == ["model.shop.a"]


@pytest.mark.parametrize("version", ["1.8.9", "1.9.4", "1.10.2", "1.11.0"])
def test_manifests_of_supported_releases_are_read(version: str) -> None:
    content = manifest_of(model("a"))
    content["metadata"]["dbt_version"] = version
    assert read_manifest(content).index.dbt_version == version


@pytest.mark.parametrize(
    ("number", "is_refused"), [(11, False), (12, False), (13, True), (19, True), (20, False)]
)
def test_a_manifest_of_a_newer_schema_is_refused(
    number: int, is_refused: bool, tmp_path: Path
) -> None:
    content = manifest_of(model("a"))
    schema = f"https://schemas.getdbt.com/dbt/manifest/v{number}.json"
    content["metadata"]["dbt_schema_version"] = schema
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(content))
    if not is_refused:
        assert read_manifest(path).index.nodes
        return
    for form in (content, path):
        with pytest.raises(ProjectFileError, match=f"schema '{schema}'") as caught:
            read_manifest(form)
        assert "Update dbt-component" in (caught.value.hint or "")
    assert caught.value.where == str(path)


def test_the_error_for_a_missing_file_contains_its_path_and_a_fix(tmp_path: Path) -> None:
    with pytest.raises(DagsterDbtManifestNotFoundError) as caught:
        read_manifest(tmp_path / "manifest.json")
    assert isinstance(caught.value, ProjectError)
    assert caught.value.where == str(tmp_path / "manifest.json")
    assert "dbt parse" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "it contains list"),
        ("{}", "it has no `nodes`"),
        (
            '{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog/v1.json"},'
            ' "nodes": {}}',
            "catalog",
        ),
        ('{"nodes": {"model.shop.a": {"resource_type": "model"}}}', "unique_id"),
        ('{"nodes": {"model.shop.a": []}}', "no supported dbt writes"),
    ],
)
def test_a_file_that_is_not_a_manifest_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(text)
    with pytest.raises(ProjectFileError, match=message) as caught:
        read_manifest(path)
    assert caught.value.where == str(path) and caught.value.hint


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectFileError, match="can't be read"):
        read_manifest(tmp_path)
