-- The five levels of a bundle: what each commits to, how many lines cover it, what its incentive is worth, how many bear it.
with

commitments as (

    select * from {{ ref('bundle_commitments') }}

),

lines as (

    select * from {{ ref('line_bundles') }}

),

fees as (

    select
        bundle_fee_level as level,
        count(*) as fee_lines
    from lines
    group by bundle_fee_level

),

incentives as (

    select
        bundle_incentive_level as level,
        count(*) as incentive_lines,
        min(expected_loss_amount) as loss_from_amount
    from lines
    group by bundle_incentive_level

)

select
    commitments.level,
    commitments.commitment_amount,
    coalesce(fees.fee_lines, 0) as fee_lines,
    coalesce(incentives.incentive_lines, 0) as incentive_lines,
    incentives.loss_from_amount,
    cast({{ rounded('incentives.loss_from_amount * ' ~ rule('tariff_rules', 'incentive_share'), 2) }} as decimal(18, 2))
        as incentive_amount
from commitments
left join fees on commitments.level = fees.level
left join incentives on commitments.level = incentives.level
