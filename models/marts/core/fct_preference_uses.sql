-- What each line used in the last six complete months, of every kind that preferences are told for: days in a handset's brand and
-- price band, visits and answered contacts by channel, answered contacts by hour band, days that a class of services ran,
-- offers taken, payments by channel. One window for all kinds, which begins no earlier than the first month held.
{{ config(materialized='view', access='protected', meta={'public': false}) }}
{% set first_day = first_month_of_last(6) %}
{% set last_day = month_end(last_complete_month()) %}
{% set in_window = 'between ' ~ first_day ~ ' and ' ~ last_day %}
with

handsets as (

    select
        used.subscriber_id,
        used.days_used_6m,
        used.last_month_6m,
        models.device_brand,
        price_bands.band as device_price_band
    from {{ ref('fct_device_use') }} as used
    inner join {{ ref('dim_devices') }} as models on used.tac = models.tac
    left join {{ bands('device_price_bands') }} as price_bands
        on {{ in_band('models.list_price', 'price_bands') }}
    where used.days_used_6m > 0

),

answered as (

    select
        contacts.subscriber_id,
        contacts.channel,
        contacts.contact_date,
        hour_bands.band as contact_hours
    from {{ ref('fct_contacts') }} as contacts
    left join {{ bands('hour_bands') }} as hour_bands
        on {{ in_band('contacts.contact_hour', 'hour_bands') }}
    where contacts.is_connected and contacts.contact_date {{ in_window }}

),

services as (

    select
        subscriber_id,
        service_code,
        service_class,
        greatest(start_date, {{ first_day }}) as first_run,
        least(coalesce(end_date, {{ open_end() }}), {{ last_day }}) as last_run
    from {{ ref('fct_service_subscriptions') }}
    where start_date <= {{ last_day }} and coalesce(end_date, {{ open_end() }}) >= {{ first_day }}

),

-- A service taken again before it ended runs on the same days twice: each day counts once.
service_days as (

    select
        subscriber_id,
        service_class,
        last_run,
        greatest(first_run, coalesce(
            cast({{ dbt.dateadd('day', 1, 'max(last_run) over earlier') }} as date), first_run
        )) as first_new_day
    from services
    window earlier as (
        partition by subscriber_id, service_code order by first_run, last_run rows between unbounded preceding and 1 preceding
    )

),

uses as (

    select subscriber_id, 'device_brand' as kind, device_brand as code, days_used_6m as uses, last_month_6m as used_on
    from handsets
    union all
    select subscriber_id, 'device_price_band' as kind, device_price_band as code, days_used_6m as uses, last_month_6m as used_on
    from handsets
    union all
    select subscriber_id, 'channel' as kind, channel as code, 1 as uses, contact_date as used_on from answered
    union all
    select subscriber_id, 'channel' as kind, channel as code, 1 as uses, visit_date as used_on
    from {{ ref('fct_visits') }}
    where visit_date {{ in_window }}
    union all
    select subscriber_id, 'contact_hours' as kind, contact_hours as code, 1 as uses, contact_date as used_on from answered
    union all
    select
        subscriber_id, 'service_class' as kind, service_class as code,
        {{ dbt.datediff('first_new_day', 'last_run', 'day') }} + 1 as uses, last_run as used_on
    from service_days
    where first_new_day <= last_run
    union all
    select orders.subscriber_id, 'offer_type' as kind, offers.offer_type as code, 1 as uses, orders.order_date as used_on
    from {{ ref('fct_orders') }} as orders
    inner join {{ ref('dim_offers') }} as offers on orders.offer_code = offers.offer_code
    where orders.is_completed and orders.order_date {{ in_window }}
    union all
    select subscriber_id, 'payment_channel' as kind, payment_channel as code, payments_6m as uses, last_paid_date as used_on
    from {{ ref('fct_payment_channels') }}
    where payment_channel <> 'unknown' and payments_6m > 0

)

select
    subscriber_id,
    kind,
    code,
    cast(sum(uses) as integer) as uses,
    max(used_on) as last_used_on
from uses
where code is not null
group by subscriber_id, kind, code
