{# What was tried before that is like a list: its own runs, and those of other lists that put the same offer on its channel. #}
select
    list_name,
    offer_code,
    runs,
    targeted_treated,
    measure,
    effect,
    effect_low,
    effect_high
from {{ relations.plan_library }}
where
    segment = 'all'
    and effect is not null
    and (
        list_name = {{ name | text(dialect) }}
        or (channel = {{ channel | text(dialect) }} and offer_code = {{ offer | text(dialect) }})
    )
order by case when list_name = {{ name | text(dialect) }} then 0 else 1 end, rank
limit {{ rows }}
