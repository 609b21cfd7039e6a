{# How the two arms of a list differ. #}
{% from "macros/arms.sql" import differences_ctes %}
with

members as (

    select
        1 as split,
        arm = 'control' as is_control,
        region_code
        {%- for number in balanced %},
        {{ number }}
        {%- endfor %}
    from decisions
    where list_number = {{ list_number }} and arm in ('treated', 'control')

),

{{ differences_ctes("members", balanced) }}

select
    covariate,
    treated,
    control,
    difference
from differences
order by covariate
