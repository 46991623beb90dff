select id as order_id, customer as customer_id, cents / 100 as amount from {{ ref('raw_orders') }}
