"""The older Python API, superseded by ``@dbt_assets``, ``DbtProject`` and ``DbtCliResource``."""
