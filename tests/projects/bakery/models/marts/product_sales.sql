select p.product_id, p.name, coalesce(sum(o.amount), 0) as amount
from {{ ref('stg_products') }} p
left join {{ ref('stg_orders') }} o on o.product_id = p.product_id
group by 1, 2
