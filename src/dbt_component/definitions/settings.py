"""Switches of the mapping from dbt to Dagster."""

from dataclasses import dataclass

import dagster as dg


@dataclass(frozen=True)
class DagsterDbtTranslatorSettings(dg.Resolvable):
    """Switches of the mapping from dbt to Dagster.

    A subclass may add switches of its own, for the methods of a translator:
    ``@dataclass(frozen=True) class MySettings(DagsterDbtTranslatorSettings): by_team: bool = False``.

    Args:
        enable_asset_checks: Turn dbt tests into asset checks. If off, the results of tests are observations
            on the assets that they read.
        enable_duplicate_source_asset_keys: Let several sources share one asset key. Assets that read them
            get one dependency, without metadata of one of the sources.
        enable_code_references: Link each asset to its file. Needs the project, not only its manifest.
        enable_dbt_selection_by_name: Changes nothing. In dagster-dbt it makes the selections shorter that are
            passed to dbt; here a run passes none, because dbt gets the exact set of unique ids.
        enable_source_tests_as_checks: Also turn the tests of sources that selected assets read into checks, on
            the keys of the sources. If off, their results are observations.
        enable_source_metadata: Add the table of a source to the dependency on it. Dagster then replaces the
            dependency with the asset, if there is one, whose ``dagster/table_name`` is the same.
        enable_dbt_views_as_virtual_assets: Mark views as virtual assets, with the kind ``view``.
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
