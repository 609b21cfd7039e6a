{# Phones that several lines have or had. #}
with

shared as (

    select phone_key
    from {{ relations.phone_holders }}
    group by phone_key
    having count(*) > 1

)

select
    holders.phone_key,
    holders.subscriber_id
from {{ relations.phone_holders }} as holders
inner join shared on holders.phone_key = shared.phone_key
