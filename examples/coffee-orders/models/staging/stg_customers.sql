-- The mail address stays behind: nothing downstream needs it.
select
    id as customer_id,
    name as customer_name,
    joined_on,
    newsletter = 'yes' as takes_newsletter
from {{ ref('raw_customers') }}
