select id as product_id, name from {{ ref('raw_products') }}
