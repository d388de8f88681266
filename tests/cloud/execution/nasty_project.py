"""A dbt project whose names are hard to tell apart: in packages, folders, versions, and between kinds of nodes."""

FILES = {
    "dbt_project.yml": 'name: nasty\nversion: "1.0"\nprofile: nasty\nmodels: {extra: {+schema: extra}}\n'
    "seeds: {extra: {+schema: extra}}\n",
    "profiles.yml": "nasty: {target: dev, outputs: {dev: {type: duckdb, path: nasty.duckdb, threads: 2}}}\n",
    "packages.yml": "packages: [{local: extra}]\n",
    "extra/dbt_project.yml": 'name: extra\nversion: "1.0"\n',
    "extra/models/shared.sql": "select 1 as id",
    "extra/models/orders/items.sql": "select 1 as id",
    "extra/models/nasty.sql": "select 1 as id",
    "extra/models/schema.yml": "models: [{name: shared, columns: [{name: id, data_tests: [unique, not_null]}]}]\n",
    # A folder with the name of a model beside it, and of the project.
    "models/orders.sql": "select 1 as id",
    "models/orders/lines.sql": "select * from {{ ref('orders') }}",
    "models/orders/orders_more.sql": "select * from {{ ref('lines') }}",
    "models/nasty/nasty_own.sql": "select 1 as id",
    "models/nasty/extra.sql": "select * from {{ ref('nasty_own') }}",
    "models/extra/shared_own.sql": "select * from {{ ref('shared') }}",
    "models/staging/dotted.name.sql": "select 1 as id",
    "models/staging/dotted.sql": "select 1 as id",
    "models/with space/unusual.sql": "select 1 as id",
    "models/a,b/comma.sql": "select 1 as id",
    "models/passing.sql": "{{ config(materialized='ephemeral') }} select 1 as id",
    "models/below_passing.sql": "select * from {{ ref('passing') }}",
    "models/counted.sql": "select 1 as id, 2 as n",
    "models/counted_v1.sql": "select 1 as id",
    "models/versioned/dim_v1.sql": "select 1 as id",
    "models/versioned/dim_v2.sql": "select 1 as id",
    "models/versioned/dim_v2_more.sql": "select * from {{ ref('dim', v=2) }}",
    "models/versioned/dim_v3/below.sql": "select 1 as id",
    "models/versioned/dim/v1/deep.sql": "select 1 as id",
    "models/schema.yml": """
models:
  - name: orders
    columns:
      - name: id
        data_tests:
          - unique: {name: check}
          - not_null: {name: check}
  - name: lines
    columns:
      - name: id
        data_tests:
          - unique: {name: check}
          - relationships: {to: ref('orders'), field: id, name: related}
  - name: counted
    columns: [{name: id, data_tests: [unique]}]
  - name: below_passing
    columns: [{name: id, data_tests: [unique, {relationships: {to: "source('raw', 'counted')", field: id}}]}]
  - name: dim
    latest_version: 2
    columns: [{name: id, data_tests: [unique]}]
    versions: [{v: 1}, {v: 2}]
sources:
  - name: raw
    schema: main
    tables:
      - name: counted
        columns:
          - name: id
            data_tests: [{not_null: {name: check}}, {unique: {name: lines}}]
      - name: more.counted
        columns: [{name: id, data_tests: [{not_null: {name: check}}]}]
unit_tests:
  - name: counted
    model: counted
    given: []
    expect: {rows: [{id: 1, n: 2}]}
  - name: same
    model: counted
    given: []
    expect: {rows: [{id: 1, n: 2}]}
  - name: same
    model: orders
    given: []
    expect: {rows: [{id: 1}]}
  - name: of_a_version
    model: dim
    given: []
    expect: {rows: [{id: 1}]}
exposures:
  - name: orders
    type: dashboard
    owner: {name: Board, email: board@example.com}
    depends_on: [ref('orders')]
""",
    "analyses/orders.sql": "select 1",
    "tests/orders.sql": "select * from {{ ref('orders') }} where false",
    "tests/counted.sql": "select * from {{ ref('counted') }} where false",
    "tests/orders/loose.sql": "select * from {{ ref('lines') }} where false",
    "seeds/codes.csv": "id\n1\n",
    "seeds/orders/codes_more.csv": "id\n1\n",
    "extra/seeds/codes_extra.csv": "id\n1\n",
    "snapshots/orders.sql": "{% snapshot orders_snapshot %}{{ config(unique_key='id', strategy='check',"
    " check_cols='all', target_schema='main') }}select * from {{ ref('orders') }}{% endsnapshot %}"
    "{% snapshot codes_snapshot %}{{ config(unique_key='id', strategy='check', check_cols='all',"
    " target_schema='main') }}select * from {{ ref('codes') }}{% endsnapshot %}",
    "snapshots/orders_snapshot.sql": "{% snapshot other %}{{ config(unique_key='id', strategy='check',"
    " check_cols='all', target_schema='main') }}select * from {{ ref('orders') }}{% endsnapshot %}",
}
