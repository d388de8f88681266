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
    from dbt_component.api.dbt_assets import dbt_assets as dbt_assets
    from dbt_component.api.io.io_manager import DbtIOManager as DbtIOManager
    from dbt_component.component.component import DbtProjectComponent as DbtProjectComponent
    from dbt_component.definitions.settings import (
        DagsterDbtTranslatorSettings as DagsterDbtTranslatorSettings,
    )
    from dbt_component.definitions.translator import DagsterDbtTranslator as DagsterDbtTranslator
    from dbt_component.errors import DagsterDbtError as DagsterDbtError
    from dbt_component.execution.failure import (
        DagsterDbtCliRuntimeError as DagsterDbtCliRuntimeError,
    )
    from dbt_component.execution.invocation import DbtCliInvocation as DbtCliInvocation
    from dbt_component.execution.resource import DbtCliResource as DbtCliResource
    from dbt_component.project.project import DbtProject as DbtProject
    from dbt_component.version import __version__ as __version__

_HOME_OF = {
    "DagsterDbtCliRuntimeError": "dbt_component.execution.failure",
    "DagsterDbtError": "dbt_component.errors",
    "DagsterDbtTranslator": "dbt_component.definitions.translator",
    "DagsterDbtTranslatorSettings": "dbt_component.definitions.settings",
    "DbtCliInvocation": "dbt_component.execution.invocation",
    "DbtCliResource": "dbt_component.execution.resource",
    "DbtIOManager": "dbt_component.api.io.io_manager",
    "DbtProject": "dbt_component.project.project",
    "DbtProjectComponent": "dbt_component.component.component",
    "__version__": "dbt_component.version",
    "build_dbt_asset_specs": "dbt_component.api.asset_specs",
    "dbt_assets": "dbt_component.api.dbt_assets",
    "get_asset_key_for_model": "dbt_component.api.asset_keys",
    "get_asset_key_for_source": "dbt_component.api.asset_keys",
    "get_asset_keys_by_output_name_for_source": "dbt_component.api.asset_keys",
}

__all__ = [
    "DagsterDbtCliRuntimeError",
    "DagsterDbtError",
    "DagsterDbtTranslator",
    "DagsterDbtTranslatorSettings",
    "DbtCliInvocation",
    "DbtCliResource",
    "DbtIOManager",
    "DbtProject",
    "DbtProjectComponent",
    "build_dbt_asset_specs",
    "dbt_assets",
    "get_asset_key_for_model",
    "get_asset_key_for_source",
    "get_asset_keys_by_output_name_for_source",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
