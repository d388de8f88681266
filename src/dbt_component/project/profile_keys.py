"""The keys of profiles.yml whose values are harmless in plain text, by adapter.

A key that is not listed may hold a secret. Nested keys are written with dots, and lists do not count:
``attach.path`` is the key ``path`` of each item of ``attach``. ``*`` stands for any name.
"""

_EVERYWHERE = """
    type threads schema database dbname catalog host server port user username uid retries connect_timeout
    connect_retries retry_all timeout_seconds query_timeout login_timeout
"""
_POSTGRES = """
    role search_path keepalives_idle sslmode sslcert sslkey sslrootcert application_name autocommit
"""
_SQL_SERVER = """
    driver authentication encrypt trust_cert trusted_connection windows_login tenant_id client_id app_id
    schema_authorization schema_auth workspace_id lakehouse api_url
"""
_MYSQL = "driver charset collation ssl_disabled unix_socket version"
_SPARK = """
    method driver cluster endpoint organization auth kerberos_service_name use_ssl server_side_parameters.*
    poll_interval
"""

_BY_ADAPTER = {
    "postgres": _POSTGRES,
    "materialize": _POSTGRES + "cluster",
    "greenplum": _POSTGRES,
    "risingwave": _POSTGRES,
    "redshift": _POSTGRES
    + """
    method cluster_id iam_profile region ra3_node autocreate db_groups serverless_work_group serverless_acct_id
    is_serverless query_group tcp_keepalive tcp_keepalive_idle tcp_keepalive_interval tcp_keepalive_count
    idp_region issuer_url idc_region idc_client_display_name idp_listen_port idp_response_timeout datasharing
    """,
    "duckdb": """
    path external_root use_credential_provider disable_transactions keep_open module_paths is_ducklake
    extensions extensions.name extensions.repo attach.path attach.alias attach.type attach.read_only
    attach.is_ducklake remote.host remote.port remote.user retries.connect_attempts retries.query_attempts
    retries.retryable_exceptions plugins.module plugins.alias filesystems.fs filesystems.endpoint_url
    filesystems.client_kwargs.endpoint_url secrets.type secrets.name secrets.provider secrets.chain
    secrets.region secrets.scope secrets.endpoint secrets.url_style secrets.use_ssl secrets.persistent
    secrets.account_name secrets.storage_persistent settings.threads settings.memory_limit settings.max_memory
    settings.temp_directory settings.TimeZone settings.timezone settings.preserve_insertion_order
    settings.s3_region settings.s3_endpoint settings.s3_url_style settings.s3_use_ssl settings.enable_progress_bar
    settings.max_temp_directory_size settings.default_collation settings.search_path settings.home_directory
    settings.extension_directory settings.enable_object_cache settings.arrow_large_buffer_size
    config_options.threads config_options.memory_limit config_options.temp_directory config_options.access_mode
    config_options.allow_unsigned_extensions config_options.autoinstall_known_extensions
    config_options.autoload_known_extensions
    """,
    "snowflake": """
    account role warehouse client_session_keep_alive query_tag retry_on_database_errors reuse_connections
    authenticator private_key_path oauth_client_id proxy_host proxy_port protocol insecure_mode
    s3_stage_vpce_dns_name platform_detection_timeout_seconds workload_identity_provider
    workload_identity_entra_resource
    """,
    "bigquery": """
    method project dataset location priority keyfile maximum_bytes_billed job_execution_timeout_seconds
    job_creation_timeout_seconds job_retries job_retry_deadline_seconds execution_project quota_project
    api_endpoint impersonate_service_account scopes gcs_bucket compute_region dataproc_region
    dataproc_cluster_name dataproc_batch.* submission_method notebook_template_id client_id token_uri
    keyfile_json.type keyfile_json.project_id keyfile_json.client_email keyfile_json.client_id
    keyfile_json.auth_uri keyfile_json.token_uri keyfile_json.auth_provider_x509_cert_url
    keyfile_json.client_x509_cert_url keyfile_json.universe_domain keyfile_json.private_key_id
    """,
    "databricks": """
    http_path auth_type client_id azure_client_id azure_tenant_id connect_max_idle session_properties.*
    compute.*.http_path compute.*.connect_max_idle
    """,
    "spark": _SPARK,
    "hive": _SPARK,
    "impala": "auth_type use_http_transport use_ssl http_path kerberos_service_name",
    "trino": """
    method http_scheme cert client_certificate client_private_key roles.* session_properties.* timezone
    prepared_statements_enabled suppress_cert_warning impersonation_user
    """,
    "sqlserver": _SQL_SERVER,
    "synapse": _SQL_SERVER,
    "fabric": _SQL_SERVER,
    "fabricspark": _SQL_SERVER + "method endpoint workspaceid lakehouseid",
    "clickhouse": """
    driver cluster cluster_mode secure verify compression send_receive_timeout sync_request_timeout
    compress_block_size use_lw_deletes check_exchange local_suffix local_db_prefix database_engine
    allow_automatic_deduplication tcp_keepalive client_cert client_cert_key custom_settings.* tls_mode
    server_host_name
    """,
    "athena": """
    s3_staging_dir s3_data_dir s3_data_naming s3_tmp_table_dir region_name poll_interval debug_query_state
    aws_profile_name work_group skip_workgroup_check num_retries num_boto3_retries num_iceberg_retries
    spark_work_group seed_s3_upload_args.ACL lf_tags_database.*
    """,
    "glue": """
    role_arn region workers worker_type session_provisioning_timeout_in_seconds location glue_version
    idle_timeout query_timeout_in_minutes datalake_formats default_arguments extra_jars
    """,
    "mysql": _MYSQL,
    "mysql5": _MYSQL,
    "mariadb": _MYSQL,
    "starrocks": _MYSQL,
    "doris": _MYSQL,
    "oracle": "protocol service tns_name",
    "teradata": "logmech tmode tls encryptdata",
    "vertica": "ssl autocommit session_label backup_server_node",
    "sqlite": "schemas_and_paths.* schema_directory extensions",
    "dremio": "software_host cloud_host use_ssl object_storage_source object_storage_path dremio_space dremio_space_folder",
}


def harmless_keys(adapter_type: str) -> list[str]:
    """The listed keys of an adapter; those of all adapters for one that is not known."""
    return [*_EVERYWHERE.split(), *_BY_ADAPTER.get(adapter_type, "").split()]
