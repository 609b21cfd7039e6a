"""The core marts and churn by month, from what is known: one pure function a public table, giving `{key: {column: value}}`.

Money and minutes are `Decimal`, rates and shares `Fraction`, a null is None. Customer value is in worth.py.

Choices where the definitions leave one:
- A month held after the churn month in which the line was still billed is a row as well, marked `is_after_churn`, with the tenure
  of the churn date: the published totals of known data sets count it. Such a row enters no mean, no churn and no value.
- The first month held is the earliest bill_month of any charge, be its subscriber known or not.
- Month rows carry tenure, plan and on-net at the earlier of month end and D. A row's measures are 0 where nothing came, in months
  wholly off-net too, so their ARPU band is the lowest.
- A usage row counts in its month on any day of it, also one on which the line was off-net.
- Amounts by fee class hold every charge of the class, counted to ARPU or not.
- Balance and arrears come from the operator's last snapshot of the month; who is not in it has null.
- `dim_subscribers` gives plan and group at D, for lines that are off-net too; only their tenure is that at the churn date.
- Of plans that start on one day the least plan_code counts. A group without a level comes after level d.
- A payment counts on the calendar day of paid_at; an empty is_reversal is false.
- `is_churned` of a month: off-net at its end (or D) since a day in it. `is_new`: activated in it.
- Churned, activated and reinstated in the year to date: one period, from 1 January or the first month held, to the month's end.
- A churner without a month on-net that was complete at its churn date has a null ARPU band.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from oracle.known import Known, Line, day_of, month_add, month_end, month_start

FEE_CLASSES = (
    "rental", "voice_local", "voice_long_distance", "voice_roaming", "messaging",
    "data", "value_added", "device", "discount", "other",
)  # fmt: skip
TENURE_BANDS = ((1, "1-3"), (4, "4-6"), (7, "7-12"), (13, "13-24"), (25, "25-36"), (37, "37-60"), (61, "61+"))
FIRST_MONTH_SHARE = Fraction(1, 100)
COUNTS = ("messages_sent", "calls_forwarded_offnet", "competitor_hotline_calls")
ARPU_BANDS = ((30, "30-50"), (50, "50-80"), (80, "80-120"), (120, "120-200"), (200, ">=200"))
PLAIN_SUMS = (
    "outgoing_minutes", "incoming_minutes", "offnet_minutes", "roaming_minutes", "mou_minutes",
    "call_count", "dou_mb", "roaming_mb", *COUNTS, "active_days", "paid_amount",
)  # fmt: skip
ROLES = ("key_person", "contact_person", "member")
ZERO = Decimal(0)


def rounded(value: Fraction | Decimal, places: int) -> Decimal:
    """The value to so many decimals, halves away from zero."""
    scaled = abs(Fraction(value)) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if value >= 0 else -whole).scaleb(-places)


def ratio(part: int | Decimal, whole: int | Decimal) -> Fraction | None:
    """part / whole, null over 0."""
    return Fraction(part) / Fraction(whole) if whole else None


def tenure_months(line: Line, day: date) -> int:
    """Calendar months from the activation month, which counts as 1."""
    activated = line.activation_date
    return (day.year - activated.year) * 12 + day.month - activated.month + 1


def tenure_band(months: int) -> str:
    """The band of a tenure in months."""
    return [name for lower, name in TENURE_BANDS if months >= lower][-1]


def arpu_band(amount: Decimal | None) -> str | None:
    """The band of an amount; null of null."""
    if amount is None:
        return None
    return next((name for lower, name in reversed(ARPU_BANDS) if amount >= lower), "<30")


def plan_at(known: Known, subscriber_id: str, day: date) -> str | None:
    """The primary plan with the latest start by `day`."""
    begun = [
        (-p["start_date"].toordinal(), p["plan_code"])
        for p in known.plans
        if p["subscriber_id"] == subscriber_id and p["is_primary"] and p["start_date"] <= day
    ]
    return min(begun)[1] if begun else None


def memberships_at(known: Known, day: date) -> dict[str, list[tuple[str, str, str]]]:
    """Memberships that stand on `day`, by subscriber: (level, 'z' for none; role; group_id)."""
    standing = defaultdict(list)
    for m in known.members:
        if (m["joined_on"] is None or m["joined_on"] <= day) and (m["left_on"] is None or m["left_on"] > day):
            level = known.group_levels.get(m["group_id"]) or "z"
            standing[m["subscriber_id"]].append((level, m["member_role"], m["group_id"]))
    return standing


def months_held(known: Known) -> list[date]:
    """From the first month in which enough lines, activated by then, were billed to the month of D; none without a bill."""
    billed: dict[date, set[str]] = defaultdict(set)
    for charge in known.charges:
        line = known.lines.get(charge["subscriber_id"])
        if line and charge["bill_month"] >= month_start(line.activation_date):
            billed[charge["bill_month"]].add(line.subscriber_id)
    most = max(map(len, billed.values()), default=0)
    months = [min(m for m, lines in billed.items() if len(lines) >= FIRST_MONTH_SHARE * most)] if billed else []
    while months and months[-1] < month_start(known.as_of):
        months.append(month_add(months[-1], 1))
    return months


def complete_months(known: Known, day: date) -> list[date]:
    """The months held whose last day is on or before `day`."""
    return [m for m in months_held(known) if month_end(m) <= day]


def billed_months(known: Known, day: date) -> list[date]:
    """Of these, the months up to the last billed one: those that money looks at."""
    return [m for m in complete_months(known, day) if known.last_billed is not None and m <= known.last_billed]


def dim_subscribers(known: Known) -> dict[str, dict]:
    """One row a subscriber activated by D."""
    groups = memberships_at(known, known.as_of)
    rows = {}
    for key, line in known.lines.items():
        stay = line.stay_at(known.as_of)
        gone = None if stay.is_on_net else stay
        tenure = tenure_months(line, gone.first_day if gone else known.as_of)
        standing = sorted(groups.get(key, []), key=lambda g: (g[0], ROLES.index(g[1]), g[2]))
        level, role, group = standing[0] if standing else (None, None, None)
        rows[key] = {
            "activation_date": line.activation_date,
            "is_on_net": stay.is_on_net,
            "churn_date": gone and gone.first_day,
            "churn_type": gone and gone.churn_type,
            "tenure_months": tenure,
            "tenure_band": tenure_band(tenure),
            "plan_code": plan_at(known, key, known.as_of),
            "group_id": group,
            "group_level": None if level == "z" else level,
            "member_role": role,
        }
    return rows


def fct_subscriber_months(known: Known) -> dict[tuple[str, date], dict]:
    """One row a subscriber and month held, from its activation month to that of the churn that is at D; then those billed."""
    measures = month_measures(known)
    balances = month_balances(known)
    rows = {}
    for line in known.lines.values():
        stay = line.stay_at(known.as_of)
        last = month_start(known.as_of if stay.is_on_net else stay.first_day)
        for month in months_held(known):
            key = (line.subscriber_id, month)
            found = measures.get(key, defaultdict(lambda: ZERO))
            is_after = month > last
            if month < month_start(line.activation_date) or (is_after and not found["charges"]):
                continue
            end = min(month_end(month), known.as_of)
            tenure = tenure_months(line, stay.first_day if is_after else end)
            talk = found["mou_minutes"]
            rows[key] = {
                "is_complete_month": month_end(month) <= known.as_of,
                "is_after_churn": is_after,
                "is_on_net_opening": line.is_on_net(month - timedelta(days=1)),
                "is_on_net_end": line.is_on_net(end),
                "was_on_net": line.is_on_net_within(month, end),
                "is_new": month_start(line.activation_date) == month,
                "is_reinstated": is_reinstated(line, month, end),
                "is_churned": line.churn_within(month, end) is not None,
                "tenure_months": tenure,
                "tenure_band": tenure_band(tenure),
                "plan_code": plan_at(known, line.subscriber_id, end),
                "has_charges": found["charges"] > 0,
                "billed_amount": found["billed_amount"],
                "arpu_amount": found["arpu_amount"],
                "arpu_band": arpu_band(found["arpu_amount"]),
                **{f"{name}_amount": found[f"{name}_amount"] for name in FEE_CLASSES},
                **{name: found[name] for name in PLAIN_SUMS},
                "offnet_share": ratio(found["offnet_minutes"], talk),
                **{name: balances.get(key, {}).get(name) for name in ("balance_amount", "arrears_amount")},
            }
    return rows


def month_measures(known: Known) -> dict[tuple[str, date], dict[str, Decimal]]:
    """Sums by subscriber and month of everything that was delivered, whether or not the month is a row."""
    sums: dict[tuple[str, date], dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for charge in known.charges:
        fee = known.fees.get(charge["fee_code"], {"fee_class": "other", "counts_to_arpu": True})
        row = sums[charge["subscriber_id"], charge["bill_month"]]
        row["charges"] += 1
        row["billed_amount"] += charge["amount"]
        row[f"{fee['fee_class']}_amount"] += charge["amount"]
        row["arpu_amount"] += charge["amount"] if fee["counts_to_arpu"] else ZERO
    for usage in known.usage:
        row = sums[usage["subscriber_id"], month_start(usage["usage_date"])]
        row["active_days"] += 1
        row["call_count"] += (usage.get("outgoing_calls") or 0) + (usage.get("incoming_calls") or 0)
        row["mou_minutes"] += (usage["outgoing_minutes"] or ZERO) + (usage["incoming_minutes"] or ZERO)
        row["dou_mb"] += usage["data_mb"] or ZERO
        row["roaming_mb"] += usage["roaming_data_mb"] or ZERO
        for name in ("outgoing_minutes", "incoming_minutes", "offnet_minutes", "roaming_minutes", *COUNTS):
            row[name] += usage[name] or ZERO
    for payment in known.payments:
        sign = -1 if payment["is_reversal"] else 1
        month = month_start(day_of(payment["paid_at"]))
        sums[payment["subscriber_id"], month]["paid_amount"] += sign * abs(payment["amount"])
    return sums


def month_balances(known: Known) -> dict[tuple[str, date], dict]:
    """The rows of each month's last balance snapshot, by subscriber and month."""
    last = {month_start(dt): dt for dt in sorted(known.balances)}
    return {(key, month): row for month, dt in last.items() for key, row in known.balances[dt].items()}


def unallocated(known: Known) -> tuple[int, Decimal]:
    """How many charges, and how much, lie outside every subscriber's rows."""
    rows = fct_subscriber_months(known)
    outside = [c["amount"] for c in known.charges if (c["subscriber_id"], c["bill_month"]) not in rows]
    return len(outside), sum(outside, ZERO)


def mean_over(known: Known, rows: dict, line: Line, measure: str, months: Iterable[date]) -> Decimal | None:
    """Mean of a measure over those of the months with the line on-net on at least one day, to 4 decimals; null if none."""
    values = [
        rows[line.subscriber_id, month][measure]
        for month in months
        if line.is_on_net_within(month, min(month_end(month), known.as_of))
    ]
    return rounded(Fraction(sum(values, ZERO)) / len(values), 4) if values else None


def fct_churn(known: Known) -> dict[str, dict]:
    """One row a subscriber that is off-net at D, for the churn that stands."""
    rows = fct_subscriber_months(known)
    return {key: churn_row(known, rows, line) for key, line in known.lines.items() if not line.is_on_net(known.as_of)}


def churn_row(known: Known, rows: dict, line: Line, at: date | None = None) -> dict:
    """The churn that is at the end of `at` (D if not given), the line's attributes being those of the churn date."""
    stay = line.stay_at(at or known.as_of)
    tenure = tenure_months(line, stay.first_day)
    arpu_3m = mean_over(known, rows, line, "arpu_amount", billed_months(known, stay.first_day)[-3:])
    return {
        "churn_date": stay.first_day,
        "churn_month": month_start(stay.first_day),
        "churn_type": stay.churn_type,
        "reason_code": stay.reason_code,
        "tenure_months": tenure,
        "tenure_band": tenure_band(tenure),
        "plan_code": plan_at(known, line.subscriber_id, stay.first_day),
        "arpu_3m": arpu_3m,
        "arpu_band": arpu_band(arpu_3m),
    }


def churn_monthly(known: Known) -> dict[date, dict]:
    """One row a complete month held; a period's figures are counts of subscribers."""
    months = complete_months(known, known.as_of)
    rows = {}
    for month in months:
        end, opening = month_end(month), month - timedelta(days=1)
        moves = movements(known, month, end)
        year = movements(known, max(months[0], date(month.year, 1, 1)), end)
        on_net_opening = sum(line.is_on_net(opening) for line in known.lines.values())
        on_net_end = sum(line.is_on_net(end) for line in known.lines.values())
        rows[month] = {
            "on_net_opening": on_net_opening,
            **moves,
            "on_net_end": on_net_end,
            "churn_rate": ratio(moves["churned"], on_net_end),
            "opening_churn_rate": ratio(moves["churned"], on_net_opening),
            "net_additions": on_net_end - on_net_opening,
            "churn_to_new_ratio": ratio(moves["churned"], moves["activations"]),
            "churn_to_new_ratio_ytd": ratio(year["churned"], year["activations"]),
        }
    return rows


def movements(known: Known, first: date, last: date) -> dict[str, int]:
    """Activations, reinstated and churned of one period, both days included."""
    lines = known.lines.values()
    return {
        "activations": sum(first <= line.activation_date <= last for line in lines),
        "reinstated": sum(is_reinstated(line, first, last) for line in lines),
        "churned": sum(line.churn_within(first, last) is not None for line in lines),
    }


def is_reinstated(line: Line, first: date, last: date) -> bool:
    """Activated before the period, off-net at its opening and on-net on some day of it."""
    is_on_opening = line.is_on_net(first - timedelta(days=1))
    return line.activation_date < first and not is_on_opening and line.is_on_net_within(first, last)
