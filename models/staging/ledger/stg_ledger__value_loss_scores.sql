-- Scores of the value-loss warning, of every month that was scored; none of lines whose processing is restricted.
select * from {{ source('ledger', 'value_loss_scores') }}
where month <= {{ last_complete_month() }}
    and subscriber_id not in (select subscriber_id from {{ source('ledger', 'restrictions') }})
