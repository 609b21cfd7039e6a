"""Where lines stand at D: lifecycle, contracts, add-ons, plan, risk: `{subscriber_id: {column: value}}`, one row a line.

Choices where the definitions leave one:
- The status is that of the latest snapshot. Trends are asked of every line on-net at D, on-net at M or not.
- Idle: no usage row from D - 29 to D, and activated before these days. A usage row counts on any day, off-net ones too.
- Of contracts that run, the one that ends last is shown; of equal ones the later begun, then the lower id.
- Off-net lines raise no alert and are not inactive, and have no reason of decline; was_mid_high_end is theirs alone.
- New is who was activated in the last complete month or since, be it gone again.
"""

from datetime import date, timedelta
from fractions import Fraction

from oracle import tiers, watch
from oracle.book import Book, add_months
from oracle.desk import Desk, band
from oracle.figures import ZERO, churn_row, mean_over, rounded, tenure_months
from oracle.liking import months_between
from oracle.risk import subscriber_risk

INACTIVE = ((None, "<30"), (30, "30-59"), (60, "60-89"), (90, "90+"))
DROP = Fraction(-3, 10)
ENTRY, GROWTH = 3, 12
IDLE_DAYS = 30
CLASSES = {
    "has_data_pack": "data_pack", "has_voice_pack": "voice_pack", "has_messaging_pack": "messaging_pack",
    "has_roaming_pack": "roaming_pack", "has_family_service": "family", "has_broadband": "broadband", "has_music": "music",
    "has_video": "video", "has_cloud": "cloud",
}  # fmt: skip


def lifecycle_tags(desk: Desk) -> dict[str, dict]:
    """The tags of the family lifecycle."""
    book, before = desk.book, tiers.tiers_before_churn(desk.book, desk.values)
    used = {key: row["days_since_use"] for key, row in watch.inactivity(book).items()}
    found = {}
    for key, line in book.known.lines.items():
        is_on_net = key in desk.on_net
        reason = decline_reason(desk, key, used.get(key)) if is_on_net else None
        tenure = tenure_months(line, desk.today)
        stage = "entry" if tenure <= ENTRY else "growth" if tenure <= GROWTH else "mature"
        gone = None if is_on_net else churn_row(book.known, book.rows, line)
        contract = running_contract(desk, key)
        found[key] = {
            "lifecycle_stage": ("decline" if reason else stage) if is_on_net else "off_net",
            "decline_reason": reason,
            "is_new_subscriber": line.activation_date >= book.months[-1],
            "days_since_activation": (desk.today - line.activation_date).days,
            "is_contract_ending": is_on_net and is_contract_ending(desk, key),
            "contract_tenure_months": contract and months_between(contract["start_date"], desk.today) + 1,
            "days_since_churn": gone and (desk.today - gone["churn_date"]).days,
            "churn_reason_code": gone and gone["reason_code"],
            "value_tier_before": gone and before[key]["value_tier_before"],
            "was_mid_high_end": gone and before[key]["was_mid_high_end"],
        }
    return found


def decline_reason(desk: Desk, key: str, idle: int | None) -> str | None:
    """The first cause of decline that holds of an on-net line; None if none does."""
    trend = arpu_trend(desk.book, key)
    status = desk.book.subscribers[key]["status_code"]
    is_old = desk.book.known.lines[key].activation_date <= desk.today - timedelta(days=IDLE_DAYS)
    causes = {
        "contract_ending": is_contract_ending(desk, key),
        "arpu_drop": trend is not None and trend <= DROP,
        "suspended": status.startswith("suspended") or status == "pre_terminated",
        "no_use": is_old and (idle is None or idle >= IDLE_DAYS),
    }
    return next((cause for cause, holds in causes.items() if holds), None)


def arpu_trend(book: Book, key: str):
    """A line's trend of ARPU at the last billed month, to 6 decimals."""
    months = book.billed
    line = book.known.lines[key]
    now, before = (mean_over(book.known, book.rows, line, "arpu_amount", m) for m in (months[-3:], months[-6:-3]))
    return rounded(Fraction(now) / Fraction(before) - 1, 6) if now is not None and before is not None and before > 0 else None


def is_contract_ending(desk: Desk, key: str) -> bool:
    """Whether the latest end of the contracts begun lies in D to D + 2 months."""
    ends = [c["end_date"] for c in desk.book.contracts if c["subscriber_id"] == key and c["start_date"] <= desk.today]
    return bool(ends) and desk.today <= max(ends) <= add_months(desk.today, 2)


def running(desk: Desk, key: str) -> list[dict]:
    """A line's contracts that run at D."""
    own = [c for c in desk.book.contracts if c["subscriber_id"] == key]
    return [c for c in own if c["start_date"] <= desk.today <= c["end_date"]]


def running_contract(desk: Desk, key: str) -> dict | None:
    """Of these the one that ends last."""
    order = lambda c: (-c["end_date"].toordinal(), -c["start_date"].toordinal(), c["contract_id"])  # noqa: E731
    return min(running(desk, key), key=order, default=None)


def product_tags(desk: Desk) -> dict[str, dict]:
    """Contracts, add-on services and plan of the family product."""
    found = {}
    for key in desk.lines:
        own = [
            a
            for a in desk.book.add_ons
            if a["subscriber_id"] == key and a["start_date"] <= desk.today <= (a["end_date"] or date.max)
        ]
        codes = {a["service_code"] for a in own}
        services = [desk.services[code] for code in codes if code in desk.services]
        contract = running_contract(desk, key)
        committed = [c["monthly_commitment"] for c in running(desk, key) if c["monthly_commitment"] is not None]
        plan = desk.book.catalogue.get(desk.lines[key]["plan_code"], {})
        found[key] = {
            "running_services": len(codes),
            "services_monthly_fee": sum((s["monthly_fee"] or ZERO for s in services), ZERO),
            **{tag: any(s["service_class"] == name for s in services) for tag, name in CLASSES.items()},
            "has_contract": contract is not None,
            "contract_type": contract and contract["contract_type"],
            "contract_start_date": contract and contract["start_date"],
            "contract_end_date": contract and contract["end_date"],
            "days_to_contract_end": contract and (contract["end_date"] - desk.today).days,
            "has_handset_contract": any(c["contract_type"] == "handset_subsidy" for c in running(desk, key)),
            "monthly_commitment": sum(committed, ZERO) if committed else None,
            "plan_monthly_fee": plan.get("monthly_fee"),
            "is_plan_on_sale": plan.get("is_on_sale"),
            "months_on_plan": months_on_plan(desk, key) if key in desk.on_net else None,
        }
    return found


def months_on_plan(desk: Desk, key: str) -> int | None:
    """Calendar months since the present plan began, taken again or not, the first counting as 1."""
    starts: dict[date, str] = {}
    for plan in desk.book.known.plans:
        if plan["subscriber_id"] == key and plan["is_primary"] and plan["start_date"] <= desk.today:
            starts[plan["start_date"]] = min(plan["plan_code"], starts.get(plan["start_date"], plan["plan_code"]))
    begun, code = None, None
    for day, taken in sorted(starts.items()):
        begun, code = (begun, code) if taken == code else (day, taken)
    return begun and months_between(begun, desk.today) + 1


def uncharged(desk: Desk, pool: dict, key: str) -> dict | None:
    """The exception of a line without charges in the last billed month; None where it is none."""
    row = pool.get((desk.book.billed[-1], key)) if desk.book.billed else None
    return row if row and row["kind"] == "no_charges" else None


def risk_tags(desk: Desk) -> dict[str, dict]:
    """The tags of the family risk, but for the severity and the zone."""
    scores, idle = subscriber_risk(desk.book, desk.values), watch.inactivity(desk.book)
    pool, month = watch.exception_pool(desk.book, desk.values), desk.book.months[-1]
    names = ("group_rate_score", "health_tariff", "health_service_use", "health_service_quality", "health_call_circle",
             "tenure_30_probability")  # fmt: skip
    codes = [code for group in watch.CADENCE.values() for code in group]
    found = {}
    for key in desk.lines:
        alerts, row = desk.alerts.get(key, {}), idle.get(key)
        days = [d for d in (row["days_since_use"], row["days_since_payment"]) if d is not None] if row else []
        exception = pool.get((month, key)) or uncharged(desk, pool, key) or {"kind": None, "since_date": None}
        found[key] = {
            **{name: scores.get(key, {}).get(name) for name in names},
            "is_at_risk": key in desk.at_risk,
            "inactive_days": min(days, default=None),
            "inactivity_band": band(min(days, default=90), INACTIVE) if row else None,
            **{f"is_inactive_{n}d": bool(row and row[f"is_inactive_{n}d"]) for n in (30, 60, 90)},
            **{f"has_alert_{code}": code in alerts for code in codes},
            "alert_count": len(alerts),
            "has_daily_alert": "daily" in desk.alerts.get(key, {}).values(),
            "exception_kind": exception["kind"],
            "exception_since_date": exception["since_date"],
        }
    return found
