select id as order_id, product_id, amount from {{ ref('raw_orders') }}
