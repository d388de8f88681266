select c.customer_id, {{ shout('c.name') }} as name, coalesce(o.orders, 0) as orders, o.amount
from {{ ref('stg_customers') }} c
left join {{ ref('int_customer_orders') }} o on o.customer_id = c.customer_id
