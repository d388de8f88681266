select id as order_id, customer_id, amount, cast(ordered_at as date) as ordered_on
from {{ ref('raw_orders') }}
where amount >= {{ var('minimum_amount') }}
