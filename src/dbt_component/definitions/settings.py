"""Switches of the mapping from dbt to Dagster."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DagsterDbtTranslatorSettings:
    """Switches of the mapping from dbt to Dagster.

    Args:
        enable_asset_checks: Turn dbt tests into asset checks.
        enable_duplicate_source_asset_keys: Let several sources share one asset key.
        enable_code_references: Link each asset to its file.
        enable_dbt_selection_by_name: Accepted for compatibility but without effect: runs select nodes
            by unique id.
        enable_source_tests_as_checks: Also turn tests of sources upstream of selected assets into checks.
        enable_source_metadata: Add a source's table name to the dependency, so that Dagster can match
            it to the asset that makes the table.
        enable_dbt_views_as_virtual_assets: Mark views as virtual assets.
        enable_unit_tests_as_checks: Turn dbt unit tests into checks of the model that they test.
    """

    enable_asset_checks: bool = True
    enable_duplicate_source_asset_keys: bool = False
    enable_code_references: bool = False
    enable_dbt_selection_by_name: bool = False
    enable_source_tests_as_checks: bool = False
    enable_source_metadata: bool = True
    enable_dbt_views_as_virtual_assets: bool = False
    enable_unit_tests_as_checks: bool = True
