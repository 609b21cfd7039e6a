# %% [markdown]
# # From value to effect
#
# Who brings the money, which of them may go, whom a list takes, and whether it helped: five questions of a retention
# department, each with a query and a picture.

# %%
import os
from pathlib import Path

import altair as alt
import duckdb

alt.renderers.enable("svg")  # plots need no network
home = Path(os.environ.get("TELCO360_HOME", "data"))
db = duckdb.connect(home / "published" / "telco360.duckdb", read_only=True)
db.sql("select business_date, last_complete_month, last_billed_month, late_tables from core.publication").df()

# %% [markdown]
# ## Who brings the money?
#
# Tiers go by the value score: money now, money to come, influence. Compare a tier's share of lines with its share of
# revenue. Money stands for the last billed month, which may be earlier than the last complete one.

# %%
tiers = ["diamond", "gold", "silver", "ordinary", "mass"]
pyramid = db.sql("""
    select value_tier, subscribers, subscriber_share as "share of lines", revenue_share as "share of revenue"
    from value.value_pyramid
    where month = (select max(month) from value.value_pyramid)
""").df()
alt.Chart(pyramid).transform_fold(["share of lines", "share of revenue"], as_=["of", "share"]).mark_bar().encode(
    x=alt.X("value_tier:N", sort=tiers, title=None, axis=alt.Axis(labelAngle=0)),
    xOffset="of:N",
    y=alt.Y("share:Q", axis=alt.Axis(format="%"), title=None),
    color=alt.Color("of:N", title=None),
).properties(width=560, height=240)

# %% [markdown]
# ## Which of them may go?
#
# The value-loss warning says of each line how likely it is to leave, or to spend much less, within two months. Red and
# yellow are worth a call, the upper tiers first. Lines too new to score are white and not here.

# %%
risk = db.sql("""
    select value_tier, warning_zone, count(*) as lines, round(sum(arpu_3m), 2) as arpu_a_month
    from tags.subscriber_360
    where is_on_net and value_tier is not null and warning_zone in ('red', 'yellow')
    group by value_tier, warning_zone
""").df()
alt.Chart(risk).mark_bar().encode(
    x=alt.X("lines:Q", axis=alt.Axis(tickMinStep=1)),
    y=alt.Y("value_tier:N", sort=tiers, title=None),
    color=alt.Color("warning_zone:N", title="zone", scale=alt.Scale(domain=["red", "yellow"], range=["#c0392b", "#e0b000"])),
    tooltip=["value_tier", "warning_zone", "lines", "arpu_a_month"],
).properties(width=560, height=160)

# %% [markdown]
# ## Whom would a list take?
#
# A list is a condition over tags. This is the condition of `value_loss_red_zone`, and how many lines each part leaves.
# Who may not be contacted is taken out after that, by rules that no list passes over: `telco360 lists preview
# value_loss_red_zone` tells it and writes no file.

# %%
parts = db.sql("""
    select
        count(*) filter (is_on_net) as "on the network",
        count(*) filter (is_on_net and value_class in ('high', 'mid')) as "of high or middle value",
        count(*) filter (is_on_net and value_class in ('high', 'mid') and warning_zone = 'red') as "in the red zone"
    from tags.subscriber_360
""").df()
bars = (
    alt.Chart(parts.melt(var_name="part", value_name="lines"))
    .mark_bar()
    .encode(x="lines:Q", y=alt.Y("part:N", sort=None, title=None))
)
(bars + bars.mark_text(align="left", dx=4).encode(text="lines:Q")).properties(width=560, height=110)

# %% [markdown]
# ## What became of lists that went out?
#
# Of the lines that matched, some may not be contacted, some are held back as a control, the rest was exported.

# %%
db.sql("""
    select
        list_name, count(*) as runs, sum(matched)::int as matched, sum(exported)::int as exported, sum(control)::int as held_back
    from marketing.target_list_runs
    where status = 'exported'
    group by list_name
    order by list_name
""").df()

# %% [markdown]
# ## Did it help?
#
# Uplift is the share of the treated who ordered less that of the control, all runs of a list together. A list worked
# where the whole bar lies right of 0; where it lies across, nobody knows yet. The response of the treated alone says
# nothing: some would have ordered anyway.

# %%
effect = db.sql("""
    select code as list_name, targeted_treated, targeted_control, uplift, uplift_low, uplift_high
    from marketing.campaign_effect
    where dimension = 'list' and uplift is not null
    order by uplift desc
""").df()
lists = alt.Y("list_name:N", sort=None, title=None)
bars = (
    alt.Chart(effect)
    .mark_rule(strokeWidth=3)
    .encode(x=alt.X("uplift_low:Q", title="uplift, with its interval", axis=alt.Axis(format="%")), x2="uplift_high:Q", y=lists)
)
points = alt.Chart(effect).mark_point(filled=True, size=90).encode(x="uplift:Q", y=lists)
zero = alt.Chart().mark_rule(strokeDash=[4, 4]).encode(x=alt.datum(0))
(zero + bars + points).properties(width=560, height=140)

# %% [markdown]
# What a list cost and brought, run by run, has `marketing.list_returns`; what is proven, by segment,
# `marketing.plan_library`: look there before you write the next list. More questions: the [cookbook](../cookbook.md).
