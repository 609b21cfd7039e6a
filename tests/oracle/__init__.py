"""An independent second reckoning of the warehouse's figures, and a synthetic operator, nasty at the edges, to hold both against.

Nothing here reads a model, a macro or a seed: it was written from the business definitions and the raw contract alone, so that
a rule understood wrongly in one place shows as a difference. Plain Python, `Decimal` and `Fraction`; slow, but right.

- `operator.py` makes deliveries and writes them as folders; `traffic.py` makes what its lines are charged, pay, use and call
- `known.py` says what is known at a business date: delivery rules, and each line's life day by day
- `figures.py` the core marts and churn by month; `worth.py` customer value
- `operator_more.py` makes it bigger, with the codes and tables of value, churn and service; `scripts.py` lines on a threshold
- `book.py` all that is known at the date, with statuses, groups and the tables that `known.py` leaves out
- `tiers.py` value by month end and what is told of it; `retention.py` churn by attribute, cohorts, sales quality
- `risk.py` scores by rule; `watch.py` alerts, exceptions, inactivity; `service.py` surveys and complaints
- `operator_channels.py` adds contacts, orders, handsets, managers, people and lists; `desk.py` knows of them beside the book
- `touch.py` contacts, surveys, purchases; `liking.py` preferences and handsets; `stages.py` lifecycle, contracts, risk tags
- `tariffs.py` plans re-rated, levels of bundles
- `habits.py` use, payments and worth of a line as tags; `wholes.py` customers, outlets, plans
- `campaign.py` offers, channels and lists; `care.py` managers
- `operator_tasks.py` adds tasks of earlier nights and what became of them; `tasks.py` tasks
- `rows.py` small rows for cases worked by hand
"""
