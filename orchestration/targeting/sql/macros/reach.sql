{# Whom a list may not contact: suppressed lines and phones, who took the offer, who said no. #}

{% from "contact_rules.sql" import in_force %}

{# Digits only: whatever else a pattern lets pass could be read as a formula. #}
{% macro has_phone() -%}
    is_valid_msisdn and msisdn <> '' and translate(msisdn, '0123456789', '') = ''
{%- endmacro %}


{# The CTEs closed and closed_phones (columns closed_<channel>, 1 where nobody may be contacted), and phones (valid ones). A
   suppression whose begin is unknown is in force; a phone is closed by any line that has or had it, or by itself. #}
{% macro reach_ctes(relations, channels, run_date) -%}
held as (

    select
        subscriber_id,
        channel
    from {{ relations.suppressions }}
    where {{ in_force("effective_from", "effective_to", run_date | day) }}

),

closed as (

    select
        subscriber_id,
        {{ closed_flags(channels) }}
    from held
    group by subscriber_id

),

held_phones as (

    select
        holders.phone_key,
        held.channel
    from held
    inner join {{ relations.phone_holders }} as holders on held.subscriber_id = holders.subscriber_id
    union all
    select
        phone_key,
        channel
    from {{ relations.phone_suppressions }}
    where {{ in_force("effective_from", "effective_to", run_date | day) }}

),

closed_phones as (

    select
        phone_key,
        {{ closed_flags(channels) }}
    from held_phones
    group by phone_key

),

phones as (

    select
        subscriber_id,
        msisdn as phone,
        phone_key,
        holder_id
    from {{ relations.phones }}
    where {{ has_phone() }}

)
{%- endmacro %}


{% macro closed_flags(channels) -%}
    {%- for channel in channels %}
        max(case when channel in ('all', '{{ channel }}') then 1 else 0 end) as closed_{{ channel }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{# Whether a line or a phone is closed on the channel of its list. #}
{% macro is_closed(closed, channels) -%}
    case offered.channel
                {%- for channel in channels %}
                when '{{ channel }}' then {{ closed }}.closed_{{ channel }}
                {%- endfor %}
            end = 1
{%- endmacro %}
