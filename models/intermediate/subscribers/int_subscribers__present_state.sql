-- Each line at the as-of date: on the network, or off it since when and why. Tenure stops at the churn date.
with

subscribers as (

    select * from {{ ref('stg_crm__subscribers') }}

),

last_stays as (

    select * from {{ ref('int_subscribers__stays') }}
    where to_date = {{ open_end() }}

),

stated as (

    select
        subscribers.*,
        last_stays.is_on_net,
        case when not last_stays.is_on_net then last_stays.from_date end as churn_date,
        last_stays.churn_type,
        last_stays.reason_code,
        case when last_stays.is_on_net then {{ as_of_date() }} else last_stays.from_date end as state_date
    from subscribers
    inner join last_stays on subscribers.subscriber_id = last_stays.subscriber_id

),

aged as (

    select
        *,
        cast({{ tenure_months('activation_date', 'state_date') }} as integer) as tenure_months
    from stated

),

banded as (

    select
        aged.*,
        tenure_bands.band as tenure_band
    from aged
    left join {{ bands('tenure_bands') }} as tenure_bands
        on {{ in_band('aged.tenure_months', 'tenure_bands') }}

)

select * from banded
