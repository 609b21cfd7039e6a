-- Suppressions with whether they are in force on the business date, both their days counted in; target lists go by the same.
with

suppressions as (

    select
        *,
        (effective_from is null or effective_from <= {{ as_of_date() }})
        and (effective_to is null or effective_to >= {{ as_of_date() }}) as is_in_force
    from {{ ref('stg_channel__suppressions') }}

)

select * from suppressions
