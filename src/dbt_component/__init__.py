"""dbt projects as Dagster assets and asset checks, from YAML.

Names are loaded on first use. dbt imports every top-level module called ``dbt_*`` in each of its
processes, so importing this package must cost nothing and must import neither dagster nor dbt.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbt_component.api.asset_keys import get_asset_key_for_model as get_asset_key_for_model
    from dbt_component.api.asset_keys import get_asset_key_for_source as get_asset_key_for_source
    from dbt_component.api.asset_keys import (
        get_asset_keys_by_output_name_for_source as get_asset_keys_by_output_name_for_source,
    )
    from dbt_component.api.asset_specs import build_dbt_asset_specs as build_dbt_asset_specs
    from dbt_component.api.assets_selection import (
        build_dbt_asset_selection as build_dbt_asset_selection,
    )
    from dbt_component.api.dbt_assets import dbt_assets as dbt_assets
    from dbt_component.api.dbt_schedule import (
        build_schedule_from_dbt_selection as build_schedule_from_dbt_selection,
    )
    from dbt_component.api.default_functions import (
        default_group_from_dbt_resource_props as default_group_from_dbt_resource_props,
    )
    from dbt_component.api.default_functions import (
        default_metadata_from_dbt_resource_props as default_metadata_from_dbt_resource_props,
    )
    from dbt_component.api.default_functions import (
        group_from_dbt_resource_props_fallback_to_directory as group_from_dbt_resource_props_fallback_to_directory,
    )
    from dbt_component.api.freshness_checks import (
        build_freshness_checks_from_dbt_assets as build_freshness_checks_from_dbt_assets,
    )
    from dbt_component.api.io.io_manager import DbtIOManager as DbtIOManager
    from dbt_component.api.manifest_selection import (
        DbtManifestAssetSelection as DbtManifestAssetSelection,
    )
    from dbt_component.api.nodes import (
        DAGSTER_DBT_UNIQUE_ID_METADATA_KEY as DAGSTER_DBT_UNIQUE_ID_METADATA_KEY,
    )
    from dbt_component.api.nodes import DBT_DEFAULT_EXCLUDE as DBT_DEFAULT_EXCLUDE
    from dbt_component.api.nodes import DBT_DEFAULT_SELECT as DBT_DEFAULT_SELECT
    from dbt_component.api.nodes import DBT_DEFAULT_SELECTOR as DBT_DEFAULT_SELECTOR
    from dbt_component.api.nodes import get_node as get_node
    from dbt_component.api.nodes import get_upstream_unique_ids as get_upstream_unique_ids
    from dbt_component.api.older.cli_client import DbtCliClient as DbtCliClient
    from dbt_component.api.older.cli_client import DbtCliOutput as DbtCliOutput
    from dbt_component.api.older.cli_resource import dbt_cli_resource as dbt_cli_resource
    from dbt_component.api.older.load_assets import (
        load_assets_from_dbt_manifest as load_assets_from_dbt_manifest,
    )
    from dbt_component.api.older.load_assets import (
        load_assets_from_dbt_project as load_assets_from_dbt_project,
    )
    from dbt_component.api.older.node_functions import (
        KeyPrefixDagsterDbtTranslator as KeyPrefixDagsterDbtTranslator,
    )
    from dbt_component.cloud.asset_specs import (
        load_dbt_cloud_asset_specs as load_dbt_cloud_asset_specs,
    )
    from dbt_component.cloud.asset_specs import (
        load_dbt_cloud_check_specs as load_dbt_cloud_check_specs,
    )
    from dbt_component.cloud.assets import dbt_cloud_assets as dbt_cloud_assets
    from dbt_component.cloud.component.component import DbtCloudComponent as DbtCloudComponent
    from dbt_component.cloud.credentials import DbtCloudCredentials as DbtCloudCredentials
    from dbt_component.cloud.execution.invocation import (
        DbtCloudCliInvocation as DbtCloudCliInvocation,
    )
    from dbt_component.cloud.sensor.polling_sensor import (
        build_dbt_cloud_polling_sensor as build_dbt_cloud_polling_sensor,
    )
    from dbt_component.cloud.workspace import DbtCloudWorkspace as DbtCloudWorkspace
    from dbt_component.component.component import DbtProjectComponent as DbtProjectComponent
    from dbt_component.component.project_arguments import DbtProjectArgs as DbtProjectArgs
    from dbt_component.component.project_arguments import (
        RemoteGitDbtProjectManager as RemoteGitDbtProjectManager,
    )
    from dbt_component.component.projects import (
        get_projects_from_dbt_component as get_projects_from_dbt_component,
    )
    from dbt_component.component.yaml.translation_settings import (
        DagsterDbtComponentTranslatorSettings as DagsterDbtComponentTranslatorSettings,
    )
    from dbt_component.definitions.check_rules import DbtCheckRule as DbtCheckRule
    from dbt_component.definitions.check_rules import DbtCheckRules as DbtCheckRules
    from dbt_component.definitions.settings import (
        DagsterDbtTranslatorSettings as DagsterDbtTranslatorSettings,
    )
    from dbt_component.definitions.translator import DagsterDbtTranslator as DagsterDbtTranslator
    from dbt_component.errors import (
        DagsterDbtCoreNotInstalledError as DagsterDbtCoreNotInstalledError,
    )
    from dbt_component.errors import DagsterDbtError as DagsterDbtError
    from dbt_component.errors import (
        DagsterDbtManifestNotFoundError as DagsterDbtManifestNotFoundError,
    )
    from dbt_component.errors import (
        DagsterDbtProfilesDirectoryNotFoundError as DagsterDbtProfilesDirectoryNotFoundError,
    )
    from dbt_component.errors import (
        DagsterDbtProjectNotFoundError as DagsterDbtProjectNotFoundError,
    )
    from dbt_component.errors import (
        DagsterDbtProjectYmlFileNotFoundError as DagsterDbtProjectYmlFileNotFoundError,
    )
    from dbt_component.execution.cli_event_message import DbtCliEventMessage as DbtCliEventMessage
    from dbt_component.execution.event_iterator import DbtEventIterator as DbtEventIterator
    from dbt_component.execution.failure import (
        DagsterDbtCliRuntimeError as DagsterDbtCliRuntimeError,
    )
    from dbt_component.execution.invocation import DbtCliInvocation as DbtCliInvocation
    from dbt_component.execution.resource import DbtCliResource as DbtCliResource
    from dbt_component.execution.retry_policy import DbtRetryPolicy as DbtRetryPolicy
    from dbt_component.project.project import (
        DagsterDbtProjectPreparer as DagsterDbtProjectPreparer,
    )
    from dbt_component.project.project import DbtProject as DbtProject
    from dbt_component.project.project import DbtProjectPreparer as DbtProjectPreparer
    from dbt_component.project.project import using_dagster_dev as using_dagster_dev
    from dbt_component.version import __version__ as __version__

_HOME_OF = {
    "DAGSTER_DBT_UNIQUE_ID_METADATA_KEY": "dbt_component.api.nodes",
    "DBT_DEFAULT_EXCLUDE": "dbt_component.api.nodes",
    "DBT_DEFAULT_SELECT": "dbt_component.api.nodes",
    "DBT_DEFAULT_SELECTOR": "dbt_component.api.nodes",
    "DagsterDbtCliRuntimeError": "dbt_component.execution.failure",
    "DagsterDbtComponentTranslatorSettings": "dbt_component.component.yaml.translation_settings",
    "DagsterDbtCoreNotInstalledError": "dbt_component.errors",
    "DagsterDbtError": "dbt_component.errors",
    "DagsterDbtManifestNotFoundError": "dbt_component.errors",
    "DagsterDbtProfilesDirectoryNotFoundError": "dbt_component.errors",
    "DagsterDbtProjectNotFoundError": "dbt_component.errors",
    "DagsterDbtProjectPreparer": "dbt_component.project.project",
    "DagsterDbtProjectYmlFileNotFoundError": "dbt_component.errors",
    "DagsterDbtTranslator": "dbt_component.definitions.translator",
    "DagsterDbtTranslatorSettings": "dbt_component.definitions.settings",
    "DbtCheckRule": "dbt_component.definitions.check_rules",
    "DbtCheckRules": "dbt_component.definitions.check_rules",
    "DbtCliClient": "dbt_component.api.older.cli_client",
    "DbtCliEventMessage": "dbt_component.execution.cli_event_message",
    "DbtCliInvocation": "dbt_component.execution.invocation",
    "DbtCliOutput": "dbt_component.api.older.cli_client",
    "DbtCliResource": "dbt_component.execution.resource",
    "DbtCloudCliInvocation": "dbt_component.cloud.execution.invocation",
    "DbtCloudComponent": "dbt_component.cloud.component.component",
    "DbtCloudCredentials": "dbt_component.cloud.credentials",
    "DbtCloudWorkspace": "dbt_component.cloud.workspace",
    "DbtEventIterator": "dbt_component.execution.event_iterator",
    "DbtIOManager": "dbt_component.api.io.io_manager",
    "DbtManifestAssetSelection": "dbt_component.api.manifest_selection",
    "DbtProject": "dbt_component.project.project",
    "DbtProjectArgs": "dbt_component.component.project_arguments",
    "DbtProjectComponent": "dbt_component.component.component",
    "DbtProjectPreparer": "dbt_component.project.project",
    "DbtRetryPolicy": "dbt_component.execution.retry_policy",
    "KeyPrefixDagsterDbtTranslator": "dbt_component.api.older.node_functions",
    "RemoteGitDbtProjectManager": "dbt_component.component.project_arguments",
    "__version__": "dbt_component.version",
    "build_dbt_asset_selection": "dbt_component.api.assets_selection",
    "build_dbt_asset_specs": "dbt_component.api.asset_specs",
    "build_dbt_cloud_polling_sensor": "dbt_component.cloud.sensor.polling_sensor",
    "build_freshness_checks_from_dbt_assets": "dbt_component.api.freshness_checks",
    "build_schedule_from_dbt_selection": "dbt_component.api.dbt_schedule",
    "dbt_assets": "dbt_component.api.dbt_assets",
    "dbt_cli_resource": "dbt_component.api.older.cli_resource",
    "dbt_cloud_assets": "dbt_component.cloud.assets",
    "default_group_from_dbt_resource_props": "dbt_component.api.default_functions",
    "default_metadata_from_dbt_resource_props": "dbt_component.api.default_functions",
    "get_asset_key_for_model": "dbt_component.api.asset_keys",
    "get_asset_key_for_source": "dbt_component.api.asset_keys",
    "get_asset_keys_by_output_name_for_source": "dbt_component.api.asset_keys",
    "get_node": "dbt_component.api.nodes",
    "get_projects_from_dbt_component": "dbt_component.component.projects",
    "get_upstream_unique_ids": "dbt_component.api.nodes",
    "group_from_dbt_resource_props_fallback_to_directory": "dbt_component.api.default_functions",
    "load_assets_from_dbt_manifest": "dbt_component.api.older.load_assets",
    "load_assets_from_dbt_project": "dbt_component.api.older.load_assets",
    "load_dbt_cloud_asset_specs": "dbt_component.cloud.asset_specs",
    "load_dbt_cloud_check_specs": "dbt_component.cloud.asset_specs",
    "using_dagster_dev": "dbt_component.project.project",
}

__all__ = [
    "DAGSTER_DBT_UNIQUE_ID_METADATA_KEY",
    "DBT_DEFAULT_EXCLUDE",
    "DBT_DEFAULT_SELECT",
    "DBT_DEFAULT_SELECTOR",
    "DagsterDbtCliRuntimeError",
    "DagsterDbtComponentTranslatorSettings",
    "DagsterDbtCoreNotInstalledError",
    "DagsterDbtError",
    "DagsterDbtManifestNotFoundError",
    "DagsterDbtProfilesDirectoryNotFoundError",
    "DagsterDbtProjectNotFoundError",
    "DagsterDbtProjectPreparer",
    "DagsterDbtProjectYmlFileNotFoundError",
    "DagsterDbtTranslator",
    "DagsterDbtTranslatorSettings",
    "DbtCheckRule",
    "DbtCheckRules",
    "DbtCliClient",
    "DbtCliEventMessage",
    "DbtCliInvocation",
    "DbtCliOutput",
    "DbtCliResource",
    "DbtCloudCliInvocation",
    "DbtCloudComponent",
    "DbtCloudCredentials",
    "DbtCloudWorkspace",
    "DbtEventIterator",
    "DbtIOManager",
    "DbtManifestAssetSelection",
    "DbtProject",
    "DbtProjectArgs",
    "DbtProjectComponent",
    "DbtProjectPreparer",
    "DbtRetryPolicy",
    "KeyPrefixDagsterDbtTranslator",
    "RemoteGitDbtProjectManager",
    "build_dbt_asset_selection",
    "build_dbt_asset_specs",
    "build_dbt_cloud_polling_sensor",
    "build_freshness_checks_from_dbt_assets",
    "build_schedule_from_dbt_selection",
    "dbt_assets",
    "dbt_cli_resource",
    "dbt_cloud_assets",
    "default_group_from_dbt_resource_props",
    "default_metadata_from_dbt_resource_props",
    "get_asset_key_for_model",
    "get_asset_key_for_source",
    "get_asset_keys_by_output_name_for_source",
    "get_node",
    "get_projects_from_dbt_component",
    "get_upstream_unique_ids",
    "group_from_dbt_resource_props_fallback_to_directory",
    "load_assets_from_dbt_manifest",
    "load_assets_from_dbt_project",
    "load_dbt_cloud_asset_specs",
    "load_dbt_cloud_check_specs",
    "using_dagster_dev",
]


if not TYPE_CHECKING:  # a checker that sees it accepts any name, as Any

    def __getattr__(name: str) -> Any:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(home), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
