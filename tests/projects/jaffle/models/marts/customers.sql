select customer_id, name, email, coalesce(sum(amount), 0) as amount
from {{ ref("stg_customers") }}
left join {{ ref("stg_orders") }} using (customer_id)
left join {{ ref("stg_contacts") }} using (customer_id)
group by 1, 2, 3
