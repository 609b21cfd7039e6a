"""Customers, outlets and plans as a whole, and what a line shows of its customer and register.

`{key: {column: value}}` of one public table, or of some columns of it.

Choices where the definitions leave one:
- Flags of a customer look at its lines on-net at D and are false where it has none. Its worth is that of its lines on-net at M.
- Age is in full years at D; who was born on 29 February is a year older on 1 March of other years.
- Plans are those of the catalogue and those that a line ever was on, outlets those of the catalogue alone. The lines of
  mean_arpu_3m are those that show the plan at D, with a value at M.
- A mean of shares is of those that are known. A plan or outlet without new lines has 0 of them and is not flagged.
"""

from collections import defaultdict
from datetime import date
from fractions import Fraction

from oracle import retention, tiers
from oracle.book import UNKNOWN
from oracle.desk import Desk, band
from oracle.figures import ratio, rounded

AGES = ((None, "<18"), (18, "18-24"), (25, "25-34"), (35, "35-44"), (45, "45-54"), (55, "55-64"), (65, "65+"))
INCOMES = ((None, "<30000"), (30000, "30000-60000"), (60000, "60000-120000"), (120000, "120000-300000"), (300000, ">=300000"))
WEAKNESS = ((None, "sound"), (Fraction(1, 10), "fair"), (Fraction(1, 4), "weak"))
REGISTER = (
    "customer_id", "account_id", "manager_id", "brand_code", "payment_type", "status_code", "status_date", "number_class",
    "is_real_name", "region_code", "county_code",
)  # fmt: skip


def dim_subscribers(desk: Desk) -> dict[str, dict]:
    """dim_subscribers, all of it."""
    return {key: row | register(desk, key) for key, row in desk.lines.items()}


def register(desk: Desk, key: str) -> dict:
    """What the snapshot and the catalogue of plans say of a line."""
    told = desk.book.subscribers[key]
    plan = desk.book.catalogue.get(desk.lines[key]["plan_code"], {})
    return {name: told[name] for name in REGISTER} | {"outlet_id": told["sales_outlet_id"], "plan_name": plan.get("plan_name")}


def dim_customers(desk: Desk) -> dict[str, dict]:
    """One row a customer of the latest snapshot, with a line or without."""
    lines = lines_by(desk, "customer_id")
    return {
        key: {
            "customer_type": told["customer_type"],
            "gender": told["gender"],
            "age_band": band(age(told["birth_date"], desk.today), AGES),
            "birth_month": told["birth_date"] and told["birth_date"].month,
            "occupation": told["occupation"],
            "income_band": band(told["annual_income"], INCOMES),
            "region_code": told["region_code"],
            "county_code": told["county_code"],
            "registration_date": told["registered_on"],
            "subscriber_count": len(lines[key]),
            "on_net_subscriber_count": len(desk.on_net & set(lines[key])),
        }
        for key, told in desk.book.customers.items()
    }


def lines_by(desk: Desk, name: str) -> dict[str, list[str]]:
    """Lines activated by D, by a column of the snapshot."""
    found = defaultdict(list)
    for key, told in desk.book.subscribers.items():
        found[told[name]].append(key)
    return found


def age(born: date | None, today: date) -> int | None:
    """Full years."""
    return born and today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def customer_360(desk: Desk) -> dict[str, dict]:
    """One row a customer."""
    lines = lines_by(desk, "customer_id")
    shown = ("customer_type", "age_band", "birth_month", "income_band", "region_code", "county_code", "subscriber_count",
             "on_net_subscriber_count")  # fmt: skip
    found = {}
    for key, row in dim_customers(desk).items():
        own = [line for line in lines[key] if line in desk.on_net]
        worth = desk.customers.get(key, {})
        found[key] = {
            **{name: row[name] for name in shown},
            **{name: worth.get(name) for name in ("realised_value", "value_tier", "service_layer")},
            "has_group_line": any(desk.lines[line]["group_id"] is not None for line in own),
            "lines_with_alerts": sum(bool(desk.alerts.get(line)) for line in own),
            "has_at_risk_line": any(line in desk.at_risk for line in own),
            "has_suppressed_line": any(desk.in_force(line) for line in own),
        }
    return found


def basic_tags(desk: Desk) -> dict[str, dict]:
    """What a line shows of its customer, register and group, and of what the customer is worth."""
    people, found = dim_customers(desk), {}
    for key, row in dim_subscribers(desk).items():
        person, worth = people.get(row["customer_id"], {}), desk.worth.get(key)
        customer = desk.customers[row["customer_id"]] if worth else {}
        found[key] = {
            **{name: row[name] for name in row if name not in ("account_id", "status_date")},
            **{name: person.get(name) for name in ("customer_type", "gender", "age_band", "income_band")},
            "customer_line_count": person.get("subscriber_count"),
            "customer_on_net_line_count": person.get("on_net_subscriber_count"),
            "has_manager": row["manager_id"] is not None,
            "is_group_member": row["group_id"] is not None,
            "is_key_person": row["member_role"] == "key_person",
            "is_most_valuable": worth and worth["value_quadrant"] == "star",
            "is_most_growable": worth and worth["value_quadrant"] == "growth",
            "points_last_year": worth and points(desk, key),
            "customer_realised_value": customer.get("realised_value"),
            "service_layer": customer.get("service_layer"),
        }
    return found


def points(desk: Desk, key: str) -> int | None:
    """Points earned in the last calendar year that had ended by the end of the last billed month."""
    month = desk.book.billed[-1]
    return desk.book.points.get((key, month.year - (month.month < 12)))


def outlet_tags(desk: Desk) -> dict[str, dict]:
    """One row an outlet of the catalogue."""
    sold, quality = lines_by(desk, "sales_outlet_id"), desk.sales
    found = {}
    for outlet, about in desk.outlets.items():
        own = sold.get(outlet, [])
        told = quality.get(("outlet", outlet), {})
        shares = [told[name] for name in retention.SHARES if told.get(name) is not None]
        weak = rounded(sum(shares) / len(shares), 6) if shares else None
        on_net = len(desk.on_net & set(own))
        found[outlet] = {
            "outlet_type": about["outlet_type"],
            "region_code": about["region_code"],
            "lines_sold": len(own),
            "on_net_lines": on_net,
            "churned_share": ratio(len(own) - on_net, len(own)),
            "new_subscribers": told.get("new_subscribers", 0),
            **{name: told.get(name) for name in retention.SHARES},
            "weak_sales_share": weak,
            "sales_quality_band": band(weak, WEAKNESS) if told.get("new_subscribers", 0) >= retention.JUDGED_LINES else None,
            "is_sales_flagged": told.get("is_flagged", False),
        }
    return found


def plan_tags(desk: Desk) -> dict[str, dict]:
    """One row a plan."""
    rates, quality = retention.churn_by_plan_tenure(desk.members), desk.sales
    levels = defaultdict(list)
    for level, row in tiers.tariff_levels(desk.book, desk.values).items():
        levels[row["plan_code"]].append(level)
    valued = defaultdict(list)
    for key, row in desk.worth.items():
        valued[desk.lines[key]["plan_code"]].append(row["arpu_3m"])
    on_plan = [desk.lines[key]["plan_code"] for key in desk.on_net]
    found = {}
    for plan in {*desk.book.catalogue, *(p["plan_code"] for p in desk.book.known.plans)} - {None, UNKNOWN}:
        about, told = desk.book.catalogue.get(plan, {}), quality.get(("plan", plan), {})
        rate, arpu = rates.get((plan, "all", False), {}), valued[plan]
        found[plan] = {
            **{name: about.get(name) for name in ("brand_code", "network_generation", "monthly_fee", "is_on_sale")},
            "fit_level_from": min(levels[plan], default=None),
            "fit_level_to": max(levels[plan], default=None),
            "on_net_lines": on_plan.count(plan),
            "mean_arpu_3m": rounded(Fraction(sum(arpu)) / len(arpu), 4) if arpu else None,
            "churn_rate_3m": rate.get("churn_rate"),
            "is_high_churn_plan": rate.get("is_high_churn_plan", False),
            "new_subscribers": told.get("new_subscribers", 0),
            "is_sales_flagged": told.get("is_flagged", False),
        }
    return found
