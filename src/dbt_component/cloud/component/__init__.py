"""``DbtCloudComponent``: a project on the dbt platform, from YAML."""
