{{ config(schema='reporting', meta={'dagster': {'owners': ['team:reporting'], 'group': 'reports'}}) }}
select name, orders from {{ ref('customers') }}
