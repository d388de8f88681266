select product_id, name from {{ ref('stg_products') }}
cross join (select pg_sleep({{ var('baking_seconds') }})) as baking
