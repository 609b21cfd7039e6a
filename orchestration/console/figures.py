"""Figures of a page: a question to the published version, what it answered, and how it is drawn. Pure.

Each can be looked up (its definition), asked again (its query) and taken along (as CSV); those that are charts are a table, too.
"""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from orchestration.targeting.files import BOM, FORMULA_STARTS


class Words(Protocol):
    """What a chart asks of the page's context."""

    def heading(self, column: str) -> str: ...

    def value(self, column: str, value: object) -> str: ...


Draw = Callable[["Figure", Words], dict[str, Any]]
"""Makes the options of a chart (of Apache ECharts) of a figure."""

SHARES = ("_share", "_rate", "_probability", "_ratio", "uplift", "uplift_low", "uplift_high")
"""Endings of columns that hold fractions, which are shown as percent."""


@dataclass(frozen=True)
class Figure:
    """`name`: unique on its page. `definition`: anchor in docs/definitions.md, '' where the catalogue of tags tells it."""

    name: str
    title: str
    query: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    definition: str = ""
    option: dict[str, Any] | None = None

    def column(self, name: str) -> list[Any]:
        place = self.columns.index(name)
        return [row[place] for row in self.rows]

    def csv(self) -> bytes:
        """As a file: names of columns as in the database, dates ISO, text harmless to spreadsheets; with their mark of UTF-8."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(self.columns)
        writer.writerows([_harmless(cell) for cell in row] for row in self.rows)
        return BOM + file.getvalue().encode()


def shown(column: str, value: object) -> str:
    """A value as a table shows it: thousands apart, shares as percent, months without a day; a dash for none."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, date):
        return f"{value:%Y-%m}" if is_month(column) else value.isoformat()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float | Decimal):
        if column.endswith(SHARES):
            return f"{value:.1%}"
        return f"{value:,.2f}"
    return str(value)


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(tuple(FORMULA_STARTS)) else cell


def is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def is_month(column: str) -> bool:
    return column == "month" or column.endswith("_month")


def plain(value: object) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else value


def line(x: str, *ys: str) -> Draw:
    """Lines over time or another order, a line a column."""
    return _axes("line", x, ys)


def bar(x: str, *ys: str, stacked: bool = False) -> Draw:
    """Bars, one a row and column."""
    return _axes("bar", x, ys, stacked)


def split(kind: str, x: str, by: str, y: str, stacked: bool = False) -> Draw:
    """Lines or bars of column y over x, one for each value of column `by`; rows in the order of the query."""

    def draw(figure: Figure, words: Words) -> dict[str, Any]:
        xs, groups = list(dict.fromkeys(figure.column(x))), list(dict.fromkeys(figure.column(by)))
        found = dict(zip(zip(figure.column(x), figure.column(by), strict=True), figure.column(y), strict=True))
        series = [_series(kind, words.value(by, group), [found.get((each, group)) for each in xs], stacked) for group in groups]
        return _frame(x, xs, y, series, words)

    return draw


def heat(x: str, y: str, value: str) -> Draw:
    """A map of two columns, coloured by a third."""

    def draw(figure: Figure, words: Words) -> dict[str, Any]:
        xs, ys = list(dict.fromkeys(figure.column(x))), list(dict.fromkeys(figure.column(y)))
        places = zip(figure.column(x), figure.column(y), figure.column(value), strict=True)
        data = [[xs.index(a), ys.index(b), plain(v)] for a, b, v in places if v is not None]
        greatest = max((each[2] for each in data), default=1)
        return {
            "grid": {"containLabel": True, "left": 8, "right": 8, "top": 8, "bottom": 48},
            "xAxis": {"type": "category", "data": [words.value(x, each) for each in xs]},
            "yAxis": {"type": "category", "data": [words.value(y, each) for each in ys]},
            "visualMap": {"min": 0, "max": greatest, "calculable": False, "orient": "horizontal", "left": "center", "bottom": 0},
            "series": [
                {"type": "heatmap", "name": words.heading(value), "data": data, "label": {"show": len(xs) * len(ys) <= 100}}
            ],
            "format": _format(value),
        }

    return draw


def flow(start: str, end: str, value: str) -> Draw:
    """Streams from one state to another."""

    def draw(figure: Figure, words: Words) -> dict[str, Any]:
        rows = list(zip(figure.column(start), figure.column(end), figure.column(value), strict=True))
        left, right = dict.fromkeys(row[0] for row in rows), dict.fromkeys(row[1] for row in rows)
        nodes = [{"name": f"< {words.value(start, each)}"} for each in left] + [
            {"name": f"{words.value(end, each)} >"} for each in right
        ]
        links = [
            {"source": f"< {words.value(start, a)}", "target": f"{words.value(end, b)} >", "value": plain(v)} for a, b, v in rows
        ]
        return {
            "series": [{"type": "sankey", "data": nodes, "links": links, "emphasis": {"focus": "adjacency"}}],
            "format": "count",
        }

    return draw


def _axes(kind: str, x: str, ys: Sequence[str], stacked: bool = False) -> Draw:
    def draw(figure: Figure, words: Words) -> dict[str, Any]:
        series = [_series(kind, words.heading(y), figure.column(y), stacked) for y in ys]
        return _frame(x, figure.column(x), ys[0], series, words)

    return draw


def _series(kind: str, name: str, values: list[Any], stacked: bool) -> dict[str, Any]:
    return {"type": kind, "name": name, "data": [plain(v) for v in values], "showSymbol": len(values) < 40} | (
        {"stack": "all"} if stacked else {}
    )


def _frame(x: str, xs: list[Any], y: str, series: list[dict[str, Any]], words: Words) -> dict[str, Any]:
    return {
        "grid": {"containLabel": True, "left": 8, "right": 16, "top": 40 if len(series) > 1 else 16, "bottom": 8},
        "legend": {"show": len(series) > 1, "type": "scroll", "top": 0},
        "xAxis": {"type": "category", "data": [shown(x, each) if is_month(x) else words.value(x, each) for each in xs]},
        "yAxis": {"type": "value", "scale": all(each["type"] == "line" for each in series)},
        "series": series,
        "format": _format(y),
    }


def _format(column: str) -> str:
    if column.endswith(SHARES):
        return "percent"
    return "amount" if column.endswith("_amount") or column == "arpu" else "count"
