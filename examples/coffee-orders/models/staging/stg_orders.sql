select
    id as order_id,
    customer_id,
    store_id,
    ordered_at,
    cast(ordered_at as date) as ordered_on,
    channel,
    status,
    discount_percent
from {{ ref('raw_orders') }}
