select sum(price) as total from {{ ref('raw_pos_order_header') }}
