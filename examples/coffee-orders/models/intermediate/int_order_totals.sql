-- One row an order: what was bought, what it cost us, what was paid after the discount.
with lines as (
    select
        items.order_id,
        items.quantity,
        items.line_cents,
        items.quantity * products.cost_cents as line_cost_cents
    from {{ ref('stg_order_items') }} as items
    inner join {{ ref('stg_products') }} as products on items.product_id = products.product_id
),

totals as (
    select
        order_id,
        sum(quantity) as items,
        sum(line_cents) as gross_cents,
        sum(line_cost_cents) as cost_cents
    from lines
    group by order_id
)

select
    orders.order_id,
    cast(totals.items as integer) as items,
    cast(totals.gross_cents as bigint) as gross_cents,
    cast(round(totals.gross_cents * (100 - orders.discount_percent) / 100.0) as bigint) as paid_cents,
    cast(totals.cost_cents as bigint) as cost_cents
from totals
inner join {{ ref('stg_orders') }} as orders on totals.order_id = orders.order_id
