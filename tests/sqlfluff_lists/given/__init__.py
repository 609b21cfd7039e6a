"""What the templates of orchestration/targeting/sql are rendered with by sqlfluff, and by the test that renders them all.

Made-up tables and names, one or more of whatever a template loops over.
"""

from datetime import date

from orchestration.engines.tables import ROLES, Relations
from orchestration.targeting.expression import Change, Past
from orchestration.targeting.matching import BALANCED, HELD_OUT, KEPT
from orchestration.targeting.templates import FILTERS as SQLFLUFF_JINJA_FILTERS  # noqa: F401  by this name sqlfluff finds them
from orchestration.targeting.wording import Worded

relations = Relations(**{role: f"warehouse.{role}" for role in ROLES})
run_date = since = refused_after = date(2026, 4, 1)
as_of = date(2026, 3, 31)
months = [{"alias": "month_2026_02", "month": date(2026, 2, 1), "pasts": [Past("value_tier", date(2026, 2, 1))]}]
changes = [Change("value_tier"), Change("plan_code")]
days = [{"column": "today - 45", "day": date(2026, 2, 15)}]

condition, tags = "is_on_net", ["value_tier", "region_code"]
conditions = comparisons = ["is_on_net", "is_prepaid"]
lists = [
    {
        "number": number,
        "channel": "sms",
        "name": name,
        "offer": offer,
        "takes_best": offer is None,
        "caps": ((1, 1), (7, 2)),
        "condition": condition,
    }
    for number, name, offer in ((1, "care", None), (2, "win_back", "it's \\ an offer"))
]
channel, channels, spans = "sms", ["outbound_call", "sms"], [1, 7]
held_out, balanced = HELD_OUT, BALANCED
kept = dict.fromkeys((HELD_OUT, *KEPT, *BALANCED), "string")
present = frozenset(kept) - {"manager_id"}
puts_offers = says_best = True
order_tags, worth = ["realised_value", "tenure_months"], "offer_worth"
order = [{"tag": tag, "descending": tag == "realised_value", "numbers": [1, 2]} for tag in order_tags]

run_id, offer, reason, subscriber, unmatched = "2026-04-01_001", "O01", "lost_to_priority", "S1", "did not match"
subscribers = (subscriber, "S2")
list_number, rows, candidates, leeway = 1, 20, 100, 0.05
column, columns = "value_tier", ("value_tier", "plan name")
said_tags = ("value_tier", "realised_value", "is_at_risk")
said = {
    "list_name": "care",
    "run_date": run_date,
    "purpose": "A call.",
    "owner": "customer-value",
    "title_en": "Care",
    "title_zh": "关怀",
    "script_en": [
        {"text": "It's "},
        {"tag": "realised_value", "is_whole": False},
        {"field": "offer_pay_amount", "is_whole": False},
        {"field": "best_offer_name", "is_whole": True},
    ],
    "script_zh": None,
    "tags": [
        {"name": name, "is_flag": kind == 0, "is_whole": kind == 1, "en": name, "en_values": {}, "zh": name, "zh_values": values}
        for kind, name, values in ((1, "value_tier", {"gold": "金"}), (2, "realised_value", {}), (0, "is_at_risk", {}))
    ],
}
exported = [said, said]
mine, other = "newer", "older"

name = "care"
places, seen = (1, 2, 3), {"last_contact_date": "date", "last_contact_outcome": "string"}
said_names = ("list_name", "offer_code")
worded = [
    Worded("is_on_net", "在网", "", flags=("是", "否")),
    Worded("value_tier", "价值等级", "", values={"gold": "it's 金"}),
    Worded("arpu_3m", "Arpu 3m", ""),
]
