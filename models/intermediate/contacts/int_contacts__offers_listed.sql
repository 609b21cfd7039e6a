-- Offers with whether they may be put to anyone on the business date; an open end counts as open.
with

offers as (

    select
        *,
        (valid_from is null or valid_from <= {{ as_of_date() }})
        and (valid_to is null or valid_to >= {{ as_of_date() }}) as is_valid
    from {{ ref('stg_channel__offers') }}

)

select * from offers
