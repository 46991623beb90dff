select
    order_id,
    line,
    product_id,
    quantity,
    unit_price_cents,
    quantity * unit_price_cents as line_cents
from {{ ref('raw_order_items') }}
