select product_id, 1 / case when to_regclass('control.broken') is null then 1 else 0 end as batches
from {{ ref('stg_products') }}
