select 1 as order_id, 12.5 as price
