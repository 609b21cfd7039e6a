-- May a line be contacted, how it took the last contacts, and what it holds against us, for every line at the business date.
{% set channels = ['outbound_call', 'sms', 'store', 'hotline', 'web', 'app'] %}
with

lines as (

    select subscriber_id from {{ ref('dim_subscribers') }}

),

suppressions as (

    select
        subscriber_id,
        {%- for channel in channels %}
        bool_or(channel in ('all', '{{ channel }}')) as is_suppressed_{{ channel }},
        {%- endfor %}
        bool_or(channel = 'all') as is_suppressed_all,
        true as has_suppression
    from {{ ref('fct_suppressions') }}
    where is_in_force
    group by subscriber_id

),

last_surveys as (

    select
        subscriber_id,
        score,
        cast(surveyed_at as date) as survey_date,
        nps_class
    from {{ ref('fct_surveys') }}
    qualify row_number() over (partition by subscriber_id order by surveyed_at desc, survey_id desc) = 1

),

complaints as (

    select
        *,
        row_number() over (partition by subscriber_id order by opened_at desc, complaint_id desc) as from_last
    from {{ ref('fct_complaints') }}

),

complained as (

    select
        subscriber_id,
        sum(case when cast(opened_at as date) >= {{ window_start(6) }} then 1 else 0 end) as complaints_6m,
        sum(case when closed_at is null then 1 else 0 end) as open_complaints,
        max(case when from_last = 1 then category_code end) as last_complaint_category
    from complaints
    group by subscriber_id

),

open_detractors as (

    select * from {{ ref('detractors') }}
    where not is_repaired

)

select
    lines.subscriber_id,

    ---------- pressure
    {%- for days in [1, 7, 30] %}
    coalesce(contacts.outbound_contacts_{{ days }}d, 0) as outbound_contacts_{{ days }}d,
    {%- endfor %}
    coalesce(contacts.is_contact_capped, false) as is_contact_capped,

    ---------- last contact
    contacts.last_contact_date,
    contacts.last_contact_channel,
    contacts.last_contact_direction,
    contacts.is_last_contact_connected,
    contacts.last_contact_outcome,
    contacts.follow_up_class,

    ---------- suppression
    {%- for channel in channels + ['all'] %}
    coalesce(suppressions.is_suppressed_{{ channel }}, false) as is_suppressed_{{ channel }},
    {%- endfor %}
    coalesce(suppressions.has_suppression, false) as has_suppression,

    ---------- satisfaction
    last_surveys.score as last_survey_score,
    last_surveys.survey_date as last_survey_date,
    last_surveys.nps_class,
    open_detractors.subscriber_id is not null as is_detractor,
    open_detractors.days_open as detractor_days_open,

    ---------- complaints
    cast(coalesce(complained.complaints_6m, 0) as bigint) as complaints_6m,
    cast(coalesce(complained.open_complaints, 0) as bigint) as open_complaints,
    complained.last_complaint_category
from lines
left join {{ ref('line_contacts') }} as contacts on lines.subscriber_id = contacts.subscriber_id
left join suppressions on lines.subscriber_id = suppressions.subscriber_id
left join last_surveys on lines.subscriber_id = last_surveys.subscriber_id
left join complained on lines.subscriber_id = complained.subscriber_id
left join open_detractors on lines.subscriber_id = open_detractors.subscriber_id
