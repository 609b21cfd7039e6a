"""The synthetic operator's catalogues, invented: regions, plans with their rates, services, fee codes, offers, outlets, handsets.

Only fixed lists and what is derived from the number of lines belong here; lines are in population.py.
"""

from dataclasses import dataclass

import numpy as np

from sample.randomness import choose, stream
from sample.settings import Settings

REGIONS = (
    ("R01", "青岚市", ("岚山区", "望溪区", "松台县", "白芷县", "渡口镇区")),
    ("R02", "云泽市", ("湖心区", "芦洲区", "云门县", "荷塘县")),
    ("R03", "临漪市", ("漪北区", "漪南区", "桃渚县", "石梁县", "金穗县")),
    ("R04", "栖霞岭市", ("岭东区", "枫桥区", "鹤鸣县")),
    ("R05", "澄江湾市", ("港城区", "澄海区", "潮音县", "礁石岛县")),
    ("R06", "朔原市", ("原上区", "驼铃县", "青稞县")),
    ("R07", "锦川市", ("锦城区", "川西区", "竹海县", "盐井县")),
    ("R08", "雁回市", ("雁南区", "回澜区", "稻香县")),
)
REGION_WEIGHTS = (24, 18, 15, 9, 13, 6, 9, 6)


@dataclass(frozen=True)
class Plan:
    """A tariff plan. Fee in yuan a month; rates in yuan a minute, MB and message beyond what is included: all lines are billed by
    them. `untold`: rates that the catalogue as delivered leaves empty."""

    code: str
    name: str
    brand: str
    fee: int
    minutes: int
    mb: int
    messages: int
    generation: str
    is_on_sale: bool
    minute_rate: float
    mb_rate: float
    message_rate: float = 0.10
    untold: tuple[str, ...] = ()


RATES = ("minute_rate", "mb_rate", "message_rate")
PLANS = (
    Plan("P08", "轻语8元卡", "qingyu", 8, 30, 200, 0, "4g", True, 0.15, 0.010),
    Plan("P18", "轻语18元卡", "qingyu", 18, 80, 1_024, 30, "4g", True, 0.15, 0.010),
    Plan("P26", "校园风铃26元", "fengling", 26, 60, 6_144, 60, "4g", True, 0.15, 0.005, untold=("message_rate",)),
    Plan("P38", "轻语38元套餐", "qingyu", 38, 150, 5_120, 60, "4g", True, 0.15, 0.006),
    Plan("P48", "旧版畅聊48元", "yuanshan", 48, 300, 1_024, 100, "3g", False, 0.12, 0.010, untold=RATES),
    Plan("P58", "远山58元套餐", "yuanshan", 58, 240, 10_240, 100, "4g", True, 0.12, 0.005),
    Plan("P78", "远山78元套餐", "yuanshan", 78, 360, 15_360, 150, "4g", False, 0.12, 0.005),
    Plan("P98", "远山98元5G套餐", "yuanshan", 98, 500, 30_720, 200, "5g", True, 0.10, 0.003),
    Plan("P128", "星汉128元5G套餐", "xinghan", 128, 800, 40_960, 300, "5g", True, 0.10, 0.003),
    Plan("P168", "星汉168元5G套餐", "xinghan", 168, 1_000, 61_440, 400, "5g", True, 0.10, 0.003),
    Plan("P238", "星汉238元5G套餐", "xinghan", 238, 1_500, 81_920, 500, "5g", True, 0.10, 0.003),
)

SERVICES = (
    ("S01", "悦听音乐包", "music", 6),
    ("S02", "云视频会员", "video", 15),
    ("S03", "掌上书屋", "reading", 5),
    ("S04", "来电显示", "other", 5),
    ("S05", "彩铃", "music", 5),
    ("S06", "省内漫游包", "roaming_pack", 10),
    ("S07", "5GB流量加油包", "data_pack", 15),
    ("S08", "100分钟语音包", "voice_pack", 10),
    ("S09", "亲情网", "family", 3),
    ("S10", "云盘空间", "cloud", 8),
    ("S11", "短信包", "messaging_pack", 5),
    ("S12", "宽带融合包", "broadband", 20),
)

FEES = (
    ("F100", "套餐月租费", "rental", True),
    ("F200", "本地语音费", "voice_local", True),
    ("F210", "长途语音费", "voice_long_distance", True),
    ("F220", "漫游语音费", "voice_roaming", True),
    ("F300", "短信费", "messaging", True),
    ("F400", "数据流量费", "data", True),
    ("F500", "增值业务费", "value_added", True),
    ("F600", "终端分期款", "device", False),
    ("F700", "优惠减免", "discount", True),
    ("F800", "其他费用", "other", True),
)
UNLISTED_FEE = "F999"
"""A bill item that the catalogue of fees lacks."""

OFFERS = (
    # code, name, type, eligibility, pay, gift, priority, what the channel says
    (
        "O01",
        "存100送60",
        "prepaid_gift",
        "arpu_3m < 50 and tenure_months >= 4",
        100,
        60,
        3,
        "您好，感谢您一直使用本网。现在存100元即送60元话费，分6个月返还。",
    ),
    (
        "O02",
        "存300送240",
        "prepaid_gift",
        "arpu_3m >= 50 and arpu_3m < 120 and is_on_net",
        300,
        240,
        2,
        "您是我们的老朋友，存300元送240元，分12个月返还。",
    ),
    (
        "O03",
        "购机补贴合约",
        "handset_subsidy",
        "value_tier in ('diamond', 'gold', 'silver')",
        600,
        500,
        2,
        "您可享受购机直降500元，合约期12个月。",
    ),
    (
        "O04",
        "升级5G套餐体验",
        "plan_upgrade",
        "plan_code in ('P38', 'P58', 'P78') and arpu_3m >= 50",
        0,
        30,
        4,
        "升级5G套餐，首月立减30元。",
    ),
    (
        "O05",
        "套餐适配",
        "plan_switch",
        "plan_code = 'P48' or plan_code = 'P78'",
        0,
        0,
        5,
        "您的套餐已停售，我们为您推荐更合适的新套餐。",
    ),
    ("O06", "流量加油包首月免费", "service", "is_on_net and tenure_months >= 3", 0, 15, 6, "流量加油包首月免费体验，次月15元。"),
    ("O07", "积分兑换话费", "points", "tenure_months > 12 and is_on_net", 0, 20, 7, "您的积分可兑换20元话费。"),
    ("O08", "高价值客户关怀", "care", "value_tier = 'diamond'", 0, 50, 1, "感谢您的信任，您的专属经理为您服务。"),
    ("O09", "新用户关怀礼", "care", "tenure_months <= 3", 0, 5, 8, "欢迎入网，送您5元话费。"),
)
OFFER_CODES = tuple(o[0] for o in OFFERS)

_BRANDS = (
    ("HuaTeng", "HarmonyX", 0.30),
    ("Lumi", "android", 0.24),
    ("Orchid", "iOX", 0.22),
    ("Vento", "android", 0.14),
    ("Kaito", "android", 0.10),
)
_MODELS = (
    (2018, "3g", 799),
    (2020, "4g", 1_299),
    (2021, "4g", 2_199),
    (2022, "5g", 1_799),
    (2023, "5g", 2_999),
    (2024, "5g", 3_999),
    (2025, "5g", 5_499),
)
DEVICES = tuple(
    (
        f"{86_000_000 + 1_000 * i + 37 * j}",
        brand,
        f"{brand} {year - 2010}{' Pro' if price > 2_500 else ''}",
        system,
        generation,
        price,
        f"{year}-09-15",
        weight,
    )
    for i, (brand, system, weight) in enumerate(_BRANDS)
    for j, (year, generation, price) in enumerate(_MODELS)
)

SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡林郭何高罗郑梁谢宋唐许邓冯韩曹"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰萍红梅建国志文博宇轩涵欣怡子晨思雨佳俊浩然"
INDUSTRIES = ("manufacturing", "education", "health", "government", "retail", "logistics", "construction", "finance")
GROUP_WORDS = ("远帆", "金桥", "恒信", "瑞丰", "天禾", "明德", "宏图", "华源", "润泽", "新域")
GROUP_KINDS = ("机械有限公司", "中学", "医院", "街道办事处", "商贸有限公司", "物流有限公司", "建筑工程公司", "信用社")
OCCUPATIONS = (
    "worker",
    "student",
    "teacher",
    "office",
    "sales",
    "farmer",
    "self_employed",
    "civil_servant",
    "retired",
    "migrant_worker",
)

COUNTIES = tuple((region, f"{region}{i + 1:02d}", name) for region, _, counties in REGIONS for i, name in enumerate(counties))
"""(region code, county code, county name)"""
COUNTY_REGION = np.array([[r[0] for r in REGIONS].index(region) for region, _, _ in COUNTIES], np.int32)


@dataclass(frozen=True)
class Outlets:
    """Outlets by index: type, county (index into COUNTIES), whether it sells lines nobody uses, day opened (from 1970)."""

    kind: np.ndarray
    county: np.ndarray
    is_bad: np.ndarray
    opened: np.ndarray

    KINDS = ("own_store", "dealer", "call_centre", "online")


def outlets(lines: int, settings: Settings, seed: int, first_day: int) -> Outlets:
    """One own store a county, the rest dealers, one call centre and one online shop a region; more with more lines."""
    rng = stream(seed, "outlets")
    dealers = int(np.clip(lines // 350, 24, 4_000))
    counties, regions = len(COUNTIES), len(REGIONS)
    kind = np.repeat(np.array([0, 1, 2, 3], np.int8), [counties, dealers, regions, regions])
    seats = np.array([np.flatnonzero(r == COUNTY_REGION)[0] for r in range(regions)])
    weights = np.array([REGION_WEIGHTS[r] for r in COUNTY_REGION]) / np.bincount(COUNTY_REGION)[COUNTY_REGION]
    county = np.concatenate((np.arange(counties), choose(rng, weights, dealers), seats, seats)).astype(np.int16)
    is_bad = np.zeros(len(kind), bool)
    bad = max(2, round(settings.bad_outlet_share * dealers))
    is_bad[counties + rng.choice(dealers, bad, replace=False)] = True
    return Outlets(kind, county, is_bad, (first_day - rng.integers(200, 4_000, len(kind))).astype(np.int32))


def manager_regions(lines: int) -> np.ndarray:
    """The region of each manager (index into REGIONS): one for about 1,500 lines, two a region at least."""
    each = np.maximum(2, np.array(REGION_WEIGHTS) * lines // 150_000)
    return np.repeat(np.arange(len(REGIONS), dtype=np.int16), each)


def plan_column(name: str) -> np.ndarray:
    """One field of all plans, as an array by plan index."""
    return np.array([getattr(plan, name) for plan in PLANS])
