-- How much each line was contacted of late, and how many more contacts the caps leave it: a line that was never contacted has all
-- the room there is. A view of public tables: what was counted stands in service.line_contacts.
{{ config(materialized='view') }}
with

pressed as (

    select
        lines.subscriber_id,
        {%- for days in [1, 7, 30] %}
        coalesce(contacts.outbound_contacts_{{ days }}d, 0) as contacts_{{ days }}d,
        {%- endfor %}
        {%- for cap, limit in contact_caps().items() %}
        coalesce(contacts.{{ cap }}_cap_room, cast({{ limit.contacts }} as bigint)) as {{ cap }}_cap_room,
        {%- endfor %}
        contacts.last_contact_date,
        contacts.last_contact_channel,
        contacts.last_contact_direction,
        contacts.last_contact_outcome,
        contacts.follow_up_class
    from {{ ref('dim_subscribers') }} as lines
    left join {{ ref('line_contacts') }} as contacts on lines.subscriber_id = contacts.subscriber_id

)

select
    subscriber_id,
    contacts_1d,
    contacts_7d,
    contacts_30d,
    short_cap_room,
    mid_cap_room,
    long_cap_room,
    least(short_cap_room, mid_cap_room, long_cap_room) as remaining_contacts,
    least(short_cap_room, mid_cap_room, long_cap_room) as room_left,
    last_contact_date,
    last_contact_channel,
    last_contact_direction,
    last_contact_outcome,
    follow_up_class
from pressed
