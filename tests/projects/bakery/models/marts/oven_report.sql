select count(*) as products, sum(batches) as batches from {{ ref('oven') }}
