-- Scores of the value-loss warning, of every month that was scored.
select * from {{ source('ledger', 'value_loss_scores') }}
where month <= {{ last_complete_month() }}
