"""What the asset of an exposure, saved query, metric or semantic model shows, from its manifest entry."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from dbt_component._dagster import is_valid_email
from dbt_component.manifest.parse_entry import owner_emails

_SHOWN = ("type", "maturity", "label")


def use_metadata(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Type, maturity, label, URL, and the owner's name, as far as dbt has them.

    An e-mail address that is none is shown here too, because it can't be an owner in Dagster.
    """
    metadata: dict[str, Any] = {key: str(entry[key]) for key in _SHOWN if entry.get(key)}
    if url := entry.get("url"):
        is_link = str(url).startswith(("https://", "http://"))
        metadata["url"] = dg.MetadataValue.url(str(url)) if is_link else str(url)
    if name := (entry.get("owner") or {}).get("name"):
        metadata["owner"] = str(name)
    if others := [email for email in owner_emails(entry) if not is_valid_email(email)]:
        metadata["owner_email"] = ", ".join(map(str, others))
    return metadata


def use_owners(entry: Mapping[str, Any]) -> list[str]:
    """The e-mail addresses of the owner; empty if there are none."""
    return [email for email in owner_emails(entry) if is_valid_email(email)]
