"""The operator's catalogues as deliveries: the same tables on every day of delivery."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sample import catalogues
from sample.calendar import Window
from sample.catalogues import (
    COUNTIES,
    COUNTY_REGION,
    DEVICES,
    FEES,
    GROUP_KINDS,
    GROUP_WORDS,
    INDUSTRIES,
    OFFERS,
    PLANS,
    REGIONS,
    SERVICES,
    Outlets,
)
from sample.delivery import Codes, Landing
from sample.population import Population
from sample.randomness import choose, stream
from sample.register import group_ids, outlet_ids
from sample.settings import NEVER
from sample.touchpoints import manager_ids

_OUTLET_NAMES = ("自有营业厅", "授权代理店", "客户服务中心", "网上营业厅")
REGION_CODES = [code for code, *_ in REGIONS]


def catalogue_frames(
    people: Population, outlets: Outlets, managers: np.ndarray, window: Window, seed: int
) -> dict[str, dict[str, Any]]:
    """The frame of every catalogue table, by table."""
    return {
        "crm_regions": _regions(),
        "crm_tariff_plans": _plans(),
        "crm_services": _services(),
        "crm_device_models": _devices(),
        "billing_fee_codes": _fees(),
        "channel_offers": _offers(window),
        "channel_outlets": _outlets(outlets),
        "channel_managers": _managers(managers, seed),
        "crm_groups": _groups(people, managers, seed),
    }


def deliver(frames: dict[str, dict[str, Any]], landing: Landing) -> None:
    """Delivers the catalogues, the same for every day."""
    for name, frame in frames.items():
        for date in landing.days:
            landing.add_state(name, date, frame)


def _texts(values: Iterable[str]) -> pa.Array:
    return pa.array(list(values), pa.string())


def _money(yuan: npt.ArrayLike) -> np.ndarray:
    return np.array(yuan, np.int64) * 100


def _regions() -> dict[str, Any]:
    names = {code: name for code, name, _ in REGIONS}
    return {
        "region_code": _texts([r for r, _, _ in COUNTIES]),
        "region_name": _texts([names[r] for r, _, _ in COUNTIES]),
        "county_code": _texts([c for _, c, _ in COUNTIES]),
        "county_name": _texts([n for _, _, n in COUNTIES]),
    }


def _plans() -> dict[str, Any]:
    def of(name: str) -> np.ndarray:
        return catalogues.plan_column(name)

    return {
        "plan_code": _texts([p.code for p in PLANS]),
        "plan_name": _texts([p.name for p in PLANS]),
        "brand_code": _texts([p.brand for p in PLANS]),
        "monthly_fee": _money(of("fee")),
        "included_minutes": of("minutes"),
        "included_mb": of("mb"),
        "included_messages": of("messages"),
        "overage_fee_per_minute": _rates("minute_rate"),
        "overage_fee_per_mb": _rates("mb_rate"),
        "overage_fee_per_message": _rates("message_rate"),
        "network_generation": _texts([p.generation for p in PLANS]),
        "is_on_sale": of("is_on_sale"),
    }


def _rates(name: str) -> np.ma.MaskedArray:
    """A rate of all plans, in units of 1e-9 yuan; masked where the catalogue does not tell it."""
    units = [round(getattr(plan, name) * 10**9) for plan in PLANS]
    return np.ma.masked_array(np.array(units, np.int64), [name in plan.untold for plan in PLANS])


def _services() -> dict[str, Any]:
    code, name, kind, fee = zip(*SERVICES, strict=True)
    return {"service_code": _texts(code), "service_name": _texts(name), "service_class": _texts(kind), "monthly_fee": _money(fee)}


def _devices() -> dict[str, Any]:
    tac, brand, model, system, generation, price, launched, _ = zip(*DEVICES, strict=True)
    return {
        "tac": _texts(tac),
        "device_brand": _texts(brand),
        "device_model": _texts(model),
        "operating_system": _texts(system),
        "network_generation": _texts(generation),
        "list_price": _money(price),
        "launched_on": np.array(launched, "M8[D]").astype(np.int64),
    }


def _fees() -> dict[str, Any]:
    code, name, kind, counts = zip(*FEES, strict=True)
    return {"fee_code": _texts(code), "fee_name": _texts(name), "fee_class": _texts(kind), "counts_to_arpu": np.array(counts)}


def _offers(window: Window) -> dict[str, Any]:
    code, name, kind, eligibility, pay, gift, priority, script = zip(*OFFERS, strict=True)
    ended = np.array([c == "O05" for c in code])
    return {
        "offer_code": _texts(code),
        "offer_name": _texts(name),
        "offer_type": _texts(kind),
        "eligibility": _texts(eligibility),
        "pay_amount": _money(pay),
        "gift_amount": _money(gift),
        "priority": np.array(priority),
        "script": _texts(script),
        "valid_from": np.full(len(code), window.start),
        "valid_to": np.where(ended, window.last_day + 30, NEVER),
    }


def _outlets(outlets: Outlets) -> dict[str, Any]:
    counties = outlets.county.astype(np.int64)
    names = [
        f"{COUNTIES[county][2]}{_OUTLET_NAMES[kind]}{i + 1:04d}"
        for i, (kind, county) in enumerate(zip(outlets.kind, outlets.county, strict=True))
    ]
    return {
        "outlet_id": _texts(outlet_ids(len(names))),
        "outlet_name": _texts(names),
        "outlet_type": Codes(outlets.kind, list(Outlets.KINDS)),
        "region_code": Codes(COUNTY_REGION[counties], REGION_CODES),
        "county_code": Codes(counties, [c for _, c, _ in COUNTIES]),
        "opened_on": outlets.opened,
    }


def _managers(managers: np.ndarray, seed: int) -> dict[str, Any]:
    rng = stream(seed, "managers")
    count = len(managers)
    surname, given = rng.integers(0, len(catalogues.SURNAMES), count), rng.integers(0, len(catalogues.GIVEN), count)
    seats = np.array([np.flatnonzero(r == COUNTY_REGION)[0] for r in range(len(REGIONS))])[managers]
    return {
        "manager_id": _texts(manager_ids(count)),
        "manager_name": _texts([catalogues.SURNAMES[s] + catalogues.GIVEN[g] for s, g in zip(surname, given, strict=True)]),
        "team": Codes(choose(rng, (55, 45), count), ["vip", "telephone"]),
        "outlet_id": Codes(seats, outlet_ids(len(COUNTIES))),
        "region_code": Codes(managers, REGION_CODES),
        "task_capacity": np.ma.array(rng.integers(10, 31, count), mask=rng.random(count) < 0.5),
    }


def _groups(people: Population, managers: np.ndarray, seed: int) -> dict[str, Any]:
    """All groups. Larger ones are graded higher."""
    rng = stream(seed, "groups")
    held = people.group >= 0
    sizes = np.bincount(people.group[held])
    count = len(sizes)
    first = np.searchsorted(people.group[held], np.arange(count))  # groups stand in line order
    region = COUNTY_REGION[people.county[held][first]]
    industry = rng.integers(0, len(INDUSTRIES), count)
    word = rng.integers(0, len(GROUP_WORDS), count)
    names = [f"{GROUP_WORDS[w]}{GROUP_KINDS[i]}{n + 1:04d}" for n, (w, i) in enumerate(zip(word, industry, strict=True))]
    each = np.bincount(managers)
    manager = np.concatenate(([0], np.cumsum(each)[:-1]))[region] + rng.integers(0, 1 << 30, count) % each[region]
    return {
        "group_id": _texts(group_ids(count)),
        "group_name": _texts(names),
        "group_level": Codes(np.searchsorted([20, 35, 70], sizes * rng.uniform(0.8, 1.2, count)), ["d", "c", "b", "a"]),
        "industry_code": Codes(industry, list(INDUSTRIES)),
        "region_code": Codes(region, REGION_CODES),
        "manager_id": Codes(manager, manager_ids(len(managers))),
    }
