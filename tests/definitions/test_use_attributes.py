"""Entries as dbt 1.8 to 1.11 write them, and with values that Dagster does not accept."""

from typing import Any

import dagster as dg
import pytest

from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.definitions.use_attributes import use_metadata, use_owners

OLDEST = {  # of dbt 1.8: without tags and meta in `config`
    "unique_id": "exposure.p.board",
    "resource_type": "exposure",
    "name": "board",
    "package_name": "p",
    "fqn": ["p", "board"],
    "original_file_path": "models/exposures.yml",
    "type": "dashboard",
    "owner": {"email": "ada@example.com", "name": None},
    "meta": {"dagster": {"group": "bi"}},
    "tags": ["weekly"],
    "config": {"enabled": True},
    "depends_on": {"macros": [], "nodes": ["model.p.a"]},
    "url": None,
}
MANIFEST: dict[str, Any] = {
    "metadata": {"project_name": "p", "adapter_type": "duckdb"},
    "nodes": {},
    "exposures": {"exposure.p.board": OLDEST},
}


def test_the_oldest_form_gives_a_complete_asset() -> None:
    spec = DagsterDbtTranslator().get_asset_spec(MANIFEST, "exposure.p.board", None)
    assert spec.key == dg.AssetKey(["exposures", "board"])
    assert (spec.group_name, spec.owners) == ("bi", ["ada@example.com"])
    assert spec.metadata["type"] == "dashboard"
    assert "url" not in spec.metadata and "owner" not in spec.metadata


@pytest.mark.parametrize(
    ("owner", "owners", "metadata"),
    [
        (None, [], {}),
        ({"name": "Ada"}, [], {"owner": "Ada"}),
        ({"email": ["a@b.co", "c@d.co"]}, ["a@b.co", "c@d.co"], {}),
        (
            {"email": ["a@b.co", "team"], "name": "x"},
            ["a@b.co"],
            {"owner": "x", "owner_email": "team"},
        ),
    ],
)
def test_owners_are_addresses_and_all_else_is_metadata(
    owner: Any, owners: list[str], metadata: dict[str, str]
) -> None:
    assert use_owners({"owner": owner}) == owners
    assert use_metadata({"owner": owner}) == metadata


def test_only_web_addresses_become_links() -> None:
    assert use_metadata({"url": "http://a.b"}) == {"url": dg.MetadataValue.url("http://a.b")}
    assert use_metadata({"url": "javascript:alert(1)"}) == {"url": "javascript:alert(1)"}
