{# Periods of one thing follow each other: none begins before the one before it has ended. `until` is the first day after a period,
   `last_day` the last day of it; an open end is null or far away. #}
{% test no_overlap(model, of, first_day, until=none, last_day=none) %}
    select *
    from (
        select
            {{ of | join(', ') }}, {{ first_day }}, {{ until or last_day }},
            lead({{ first_day }}) over (partition by {{ of | join(', ') }} order by {{ first_day }}) as next_first_day
        from {{ model }}
    ) as periods
    where next_first_day is not null
        and ({{ until or last_day }} is null or next_first_day {{ '<' if until else '<=' }} {{ until or last_day }})
{% endtest %}
