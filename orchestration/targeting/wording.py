"""Headers and values of a list's file in its readers' language.

Labels are the catalogue's. Columns that systems and requests of persons find by their names keep them, whatever the language.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestration.catalog.tags import Catalog
from orchestration.targeting.definition import ALWAYS_EXPORTED, SAID

KEPT = (*ALWAYS_EXPORTED, "list_name", "list_run_date")
"""Columns whose names stay."""

_SAID_ZH = {
    "purpose": ("目的", "为什么联系这些用户，希望达到什么结果。"),
    "owner": ("责任团队", "对该清单负责的团队。"),
    "offer_code": ("优惠编码", "向用户推荐的优惠；没有优惠时为空。"),
    "offer_name": ("优惠名称", "用户听到的优惠名称。"),
    "offer_pay_amount": ("优惠价格", "用户为该优惠支付的金额，本地货币。"),
    "script_en": ("英文话术", "英文话术；清单没有话术时为优惠自己的话术。"),
    "script_zh": ("中文话术", "中文话术；清单没有话术时为优惠自己的话术。"),
    "reason": ("入选原因（英文）", "用户为什么在清单上，英文。"),
    "reason_zh": ("入选原因", "用户为什么在清单上。"),
}
_KEPT_ZH = {
    "subscriber_id": "用户编号。", "phone": "联系电话。", "list_name": "清单名称；渠道随每次联系一并回传。",
    "list_run_date": "清单日期；渠道随每次联系一并回传。",
}  # fmt: skip
_FLAGS = {"en": ("yes", "no"), "zh": ("是", "否")}


@dataclass(frozen=True)
class Worded:
    """One column as the file shows it. `values`: what stands for a value, by value; `flags`: what stands for true and false, None
    where the column is no flag."""

    name: str
    header: str
    meaning: str
    values: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, str] | None = None


def worded(columns: Sequence[str], catalog: Catalog, language: str, meanings: Mapping[str, str]) -> list[Worded]:
    """The columns of a file, in the order of `columns` (tags of the catalogue and columns of every file), in `en` or `zh`.

    `meanings` are the English ones, by column. Of two columns with one header each has its name beside it.
    """
    found = [_worded(name, catalog, language, meanings.get(name, "")) for name in columns]
    times = Counter(one.header for one in found)
    return [
        Worded(one.name, f"{one.header} ({one.name})", one.meaning, one.values, one.flags) if times[one.header] > 1 else one
        for one in found
    ]


def _worded(name: str, catalog: Catalog, language: str, meaning: str) -> Worded:
    if name in KEPT:
        return Worded(name, name, _KEPT_ZH[name] if language == "zh" else meaning)
    if name in SAID:
        header, meaning_zh = _SAID_ZH[name]
        return Worded(name, header, meaning_zh) if language == "zh" else Worded(name, _in_words(name), meaning)
    tag = catalog.tag(name)
    flags = _FLAGS[language] if tag.kind == "flag" else None
    if language == "en":
        return Worded(name, _in_words(name), meaning, flags=flags)
    values = {value: label for value, label in tag.values.items() if label}
    return Worded(name, tag.label_zh or _in_words(name), tag.description_zh or meaning, values, flags)


def _in_words(name: str) -> str:
    words = name.removeprefix("is_").removeprefix("has_").replace("_", " ")
    return words[:1].upper() + words[1:]
