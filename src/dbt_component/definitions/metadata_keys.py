"""Keys of the metadata that this package adds to specs."""

UNIQUE_ID_KEY = "dagster_dbt/unique_id"
PROJECT_ID_KEY = "dagster_dbt/project_id"
MATERIALIZATION_KEY = "dagster-dbt/materialization_type"
COMMIT_KEY = "dbt_component/commit"
REPOSITORY_KEY = "dbt_component/repository"
TABLE_NAME_KEY = "dagster/table_name"
COLUMNS_KEY = "dagster/column_schema"
