"""Figures of a page: a question to the published version, what it answered, and how it is drawn. Pure.

Each can be looked up (its definition), asked again (its query) and taken along (as CSV); those that are charts are a table, too.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from orchestration.targeting.files import BOM, FORMULA_STARTS


class Words(Protocol):
    """What a chart asks of the page's context."""

    def heading(self, column: str) -> str: ...

    def value(self, column: str, value: object) -> str: ...

    def order(self, column: str) -> list[str]: ...

    def none(self) -> str: ...


Draw = Callable[["Figure", Words], dict[str, Any]]
"""Makes the options of a chart (of Apache ECharts) of a figure."""

SHARES = (
    "share", "_rate", "_probability", "_ratio", "_rate_treated", "uplift", "uplift_low", "uplift_high", "attainment", "effect",
    "effect_low", "effect_high",
)  # fmt: skip
"""Endings of columns that hold fractions, which are shown as percent."""

_TIERS = {"diamond": "#7a3e9d", "gold": "#d19a00", "silver": "#8a979f", "ordinary": "#2f6fb7", "mass": "#0b5c7a"}
COLOURS = {
    "warning_zone": {"red": "#b3261e", "yellow": "#e0a100", "green": "#3f7d20", "blue": "#2f6fb7", "white": "#b8c2c8"},
    "value_tier": _TIERS,
    "from_tier": _TIERS,
    "to_tier": _TIERS,
}
"""Colours of values that have one of their own, by column; others take what comes."""

NO_VALUE = "#d5dbdf"
"""The colour beside them of lines without a value."""


@dataclass(frozen=True)
class Figure:
    """`name`: unique on its page. `definition`: anchor in docs/definitions.md, empty where there is none. `more`: name
    of the page that tells more. `without`: what is said where it has no rows."""

    name: str
    title: str
    query: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    definition: str = ""
    option: dict[str, Any] | None = None
    is_chart: bool = False
    more: str = ""
    without: str = ""

    @property
    def numbers(self) -> list[bool]:
        """Of each column whether it holds numbers."""
        return [any(is_number(row[place]) for row in self.rows) for place in range(len(self.columns))]

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
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
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


def ordered(values: Iterable[Any], order: Sequence[str]) -> list[Any]:
    """Each of the values once: dates by time, else those of `order` in its order, then the others as they come."""
    found = list(dict.fromkeys(values))
    if found and all(isinstance(each, date) for each in found):
        return sorted(found)
    return sorted(found, key=lambda each: order.index(each) if each in order else len(order))


def line(x: str, *ys: str) -> Draw:
    """Lines over time or another order, a line a column."""
    return _axes("line", x, ys)


def bar(x: str, *ys: str, stacked: bool = False) -> Draw:
    """Bars, one a row and column."""
    return _axes("bar", x, ys, stacked)


def split(kind: str, x: str, by: str, y: str, stacked: bool = False) -> Draw:
    """Lines or bars of column y over x, one for each value of column `by`; rows in the order of the query."""

    def draw(figure: Figure, words: Words) -> dict[str, Any]:
        xs, groups = (ordered(figure.column(each), words.order(each)) for each in (x, by))
        found = dict(zip(zip(figure.column(x), figure.column(by), strict=True), figure.column(y), strict=True))
        series = [
            _series(kind, _label(by, group, words), [found.get((each, group)) for each in xs], stacked) | _coloured(by, group)
            for group in groups
        ]
        return _frame(x, xs, y, series, words)

    return draw


def heat(x: str, y: str, value: str) -> Draw:
    """A map of two columns, coloured by a third."""

    def draw(figure: Figure, words: Words) -> dict[str, Any]:
        xs, ys = (ordered(figure.column(each), words.order(each)) for each in (x, y))
        places = zip(figure.column(x), figure.column(y), figure.column(value), strict=True)
        data = [[xs.index(a), ys.index(b), plain(v)] for a, b, v in places if v is not None]
        least, greatest = (end((each[2] for each in data), default=at) for end, at in ((min, 0), (max, 1)))
        return {
            "grid": {"containLabel": True, "left": 8, "right": 8, "top": 8, "bottom": 48},
            "xAxis": {"type": "category", "data": [_label(x, each, words) for each in xs]},
            "yAxis": {"type": "category", "data": [_label(y, each, words) for each in ys]},
            "visualMap": {
                "text": [shown(value, greatest), shown(value, least if value.endswith(SHARES) else 0)],
                "min": least if value.endswith(SHARES) else 0,
                "max": greatest,
                "calculable": False,
                "orient": "horizontal",
                "left": "center",
                "bottom": 0,
                "inRange": {"color": ["#eef5f8", "#9cc7d8", "#4d94b0"]},
            },
            "series": [{"type": "heatmap", "name": words.heading(value), "data": data, "label": {"show": True}}],
            "format": _format(value),
            "height": 5 + 1.7 * len(ys),
        }

    return draw


def calendar(day: str, row: str, state: str) -> Draw:
    """A field a day and row, coloured by one of three states: 0 well, 1 with faults, 2 bad."""

    def draw(figure: Figure, words: Words) -> dict[str, Any]:
        days, rows = list(dict.fromkeys(figure.column(day))), sorted(set(figure.column(row)), reverse=True)
        places = zip(figure.column(day), figure.column(row), figure.column(state), strict=True)
        states = (("accepted", "#7fb069"), ("with_faults", "#e0a100"), ("rejected", "#b3261e"))
        pieces = [
            {"value": value, "label": words.value(state, name), "color": colour} for value, (name, colour) in enumerate(states)
        ]
        return {
            "grid": {"containLabel": True, "left": 8, "right": 8, "top": 8, "bottom": 32},
            "xAxis": {"type": "category", "data": [f"{each:%m-%d}" for each in days]},
            "yAxis": {"type": "category", "data": rows},
            "visualMap": {
                "type": "piecewise",
                "pieces": pieces,
                "orient": "horizontal",
                "left": "center",
                "bottom": 0,
                "itemGap": 6,
                "itemWidth": 12,
            },
            "series": [
                {
                    "type": "heatmap",
                    "name": words.heading(state),
                    "data": [[days.index(a), rows.index(b), value] for a, b, value in places],
                    "label": {"show": False},
                    "itemStyle": {"borderColor": "#fff", "borderWidth": 1},
                }
            ],
            "format": "count",
            "height": 4 + 1.2 * len(rows),
            "wide": True,
        }

    return draw


def flow(start: str, end: str, value: str) -> Draw:
    """Streams from one state to another."""

    def draw(figure: Figure, words: Words) -> dict[str, Any]:
        rows = list(zip(figure.column(start), figure.column(end), figure.column(value), strict=True))
        left, right = ordered((row[0] for row in rows), words.order(start)), ordered((row[1] for row in rows), words.order(end))
        # Names of nodes must be unique: those on the right end in a space that nobody sees.
        nodes = [{"name": words.value(start, each), "depth": 0} | _coloured(start, each) for each in left]
        nodes += [{"name": f"{words.value(end, each)} ", "depth": 1} | _coloured(end, each) for each in right]
        links = [
            {"source": words.value(start, a), "target": f"{words.value(end, b)} ", "value": plain(v)}
            for a, b, v in sorted(rows, key=lambda row: (left.index(row[0]), right.index(row[1])))
        ]
        return {
            "series": [
                {
                    "type": "sankey",
                    "data": nodes,
                    "links": links,
                    "layoutIterations": 0,
                    "nodeGap": 16,
                    "lineStyle": {"color": "source", "opacity": 0.3},
                    "emphasis": {"focus": "adjacency"},
                    "right": "16%",
                }
            ],
            "format": "count",
        }

    return draw


def pareto(x: str, y: str, together: str) -> Draw:
    """Bars, the greatest first, and a line of the share that they have together."""

    def draw(figure: Figure, words: Words) -> dict[str, Any]:
        bars = _series("bar", words.heading(y), figure.column(y))
        added = _series("line", words.heading(together), figure.column(together)) | {"yAxisIndex": 1, "format": "percent"}
        made = _frame(x, figure.column(x), y, [bars, added], words)
        return made | {"yAxis": [{"type": "value"}, {"type": "value", "min": 0, "max": 1, "format": "percent"}]}

    return draw


def interval(x: str, middle: str, low: str, high: str) -> Draw:
    """A figure with its interval, a box each: what reaches over the line at 0 shows nothing either way."""

    def draw(figure: Figure, words: Words) -> dict[str, Any]:
        places = zip(figure.column(low), figure.column(middle), figure.column(high), strict=True)
        boxes = [[plain(each) for each in (a, a, b, c, c)] for a, b, c in places]
        series = {
            "type": "boxplot",
            "name": words.heading(middle),
            "data": boxes,
            "boxWidth": [6, 28],
            "markLine": {"silent": True, "symbol": "none", "label": {"show": False}, "data": [{"yAxis": 0}]},
        }
        made = _frame(x, figure.column(x), middle, [series], words)
        return made | {"tooltip": {"show": False}, "yAxis": {"type": "value", "scale": False}}

    return draw


def _axes(kind: str, x: str, ys: Sequence[str], stacked: bool = False) -> Draw:
    def draw(figure: Figure, words: Words) -> dict[str, Any]:
        xs = ordered(figure.column(x), words.order(x))
        found = {y: dict(zip(figure.column(x), figure.column(y), strict=True)) for y in ys}
        told = [y for y in ys if any(value is not None for value in found[y].values())] or ys[:1]
        series = [_series(kind, words.heading(y), [found[y][each] for each in xs], stacked) for y in told]
        if len(ys) == 1 and x in COLOURS:
            series[0]["data"] = [{"value": plain(found[ys[0]][each])} | _coloured(x, each) for each in xs]
        return _frame(x, xs, ys[0], series, words)

    return draw


def _label(column: str, value: object, words: Words) -> str:
    """What stands at an axis or in a legend for a value."""
    return words.none() if value is None else words.value(column, value)


def _coloured(column: str, value: object) -> dict[str, Any]:
    """The style of a value that has a colour of its own."""
    known = COLOURS.get(column, {})
    colour = known.get(str(value), NO_VALUE if known and value in (None, "unknown") else "")
    return {"itemStyle": {"color": colour}} if colour else {}


def _series(kind: str, name: str, values: list[Any], stacked: bool = False) -> dict[str, Any]:
    return {"type": kind, "name": name, "data": [plain(v) for v in values], "showSymbol": len(values) < 40} | (
        {"stack": "all"} if stacked else {}
    )


def _frame(x: str, xs: list[Any], y: str, series: list[dict[str, Any]], words: Words) -> dict[str, Any]:
    return {
        "grid": {"containLabel": True, "left": 8, "right": 16, "top": 40 if len(series) > 1 else 16, "bottom": 8},
        "legend": {"show": len(series) > 1, "type": "scroll", "top": 0},
        "xAxis": {"type": "category", "data": [shown(x, each) if is_month(x) else _label(x, each, words) for each in xs]},
        "yAxis": {"type": "value", "scale": all(each["type"] == "line" for each in series)} | _whole(series),
        "series": series,
        "format": _format(y),
    }


def _whole(series: list[dict[str, Any]]) -> dict[str, Any]:
    """An axis of whole numbers has no half ones."""
    values = [point["value"] if isinstance(point, dict) else point for each in series for point in each["data"]]
    return {"minInterval": 1} if all(value is None or isinstance(value, int) for value in values) else {}


def _format(column: str) -> str:
    if column.endswith(SHARES):
        return "percent"
    return "amount" if column.endswith("_amount") or column == "arpu" else "count"
