"""What a measured run cost: seconds and memory by step, layer and model, from what was seen of it; and the tables of a report.

All of it is pure: spans of time, looks at memory and dbt's artefacts come in, figures and lines go out. Measuring is `bench`'s.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import accumulate

LAYERS = ("hooks", "seeds", "staging", "intermediate", "core", "value", "churn", "service", "tags", "marketing", "tests")
KINDS = {"seed": "seeds", "test": "tests", "unit_test": "tests", "operation": "hooks"}
IDLE = "start-up, idle"
LEAST_SHARED = 0.1  # seconds of the first run below which a share of them tells nothing
RUNS = ("first", "second")
COST_HEADER = ("seconds", "CPU s", "RSS, MB")

Samples = list[tuple[float, int, float]]
"""Looks at all child processes together, oldest first: (seconds since 1970, resident bytes, CPU seconds used so far)."""


@dataclass(frozen=True)
class Span:
    """Something named that ran from `started` to `ended`, in seconds since 1970."""

    name: str
    started: float
    ended: float


@dataclass(frozen=True)
class Cost:
    """What something took: wall seconds, CPU seconds, the most memory (resident) while it ran; None where that tells nothing."""

    seconds: float
    cpu_seconds: float | None = None
    peak_rss_bytes: int | None = None


@dataclass(frozen=True)
class Made:
    """The synthetic operator: what it was asked to be, what lies in landing, what making it took.

    `source`: where deliveries of others were found, which nobody made here; then what was asked for, rows and cost are 0.
    """

    subscribers: int
    months: int
    seed: int
    as_of: str
    code: str
    deliveries: int
    rows: int
    bytes: int
    cost: Cost
    source: str = ""

    @classmethod
    def from_json(cls, raw: dict) -> "Made":
        return cls(**raw | {"cost": Cost(**raw["cost"])})


@dataclass(frozen=True)
class RunCost:
    """One measured run. `layers` are parts of the step `dbt`; `slowest` are models by their own seconds; `bare_dbt` is the
    same build without the job around it."""

    as_of: str
    deliveries: int
    rows_in: int
    bytes_in: int
    whole: Cost
    steps: dict[str, Cost]
    layers: dict[str, Cost]
    slowest: dict[str, float]
    bare_dbt: Cost

    @property
    def between(self) -> Cost:
        """What no step took: Python's start, imports, what Dagster does between steps."""
        return minus(self.whole, *self.steps.values())

    @property
    def overhead(self) -> Cost:
        """What orchestration costs: the whole run without dbt alone and without the steps that are work of their own."""
        return minus(self.whole, self.bare_dbt, *(cost for name, cost in self.steps.items() if name not in ("prepare", "dbt")))

    def to_json(self) -> dict:
        return asdict(self) | {"between": asdict(self.between), "overhead": asdict(self.overhead)}


def minus(whole: Cost, *parts: Cost) -> Cost:
    """What is left of `whole` without its parts, in seconds and CPU seconds."""
    return Cost(
        whole.seconds - sum(part.seconds for part in parts),
        (whole.cpu_seconds or 0) - sum(part.cpu_seconds or 0 for part in parts),
    )


def step_spans(spans: Iterable[Span]) -> list[Span]:
    """The steps of a run, all target lists under one name, and so both steps of dbt."""
    names = {"scored tables": "dbt"}
    return [
        Span("lists" if span.name.startswith("list ") else names.get(span.name, span.name), span.started, span.ended)
        for span in spans
    ]


def node_spans(results: list[dict], manifest: dict) -> list[Span]:
    """When each node that dbt ran was at work, named by its layer. `results`: what dbt told of each."""
    spans = []
    for result in results:
        moments = [datetime.fromisoformat(t[end]).timestamp() for t in result["timing"] for end in ("started_at", "completed_at")]
        if moments:
            spans.append(Span(layer(manifest["nodes"][result["unique_id"]]), min(moments), max(moments)))
    return spans


def layer(node: dict) -> str:
    """The layer of a node of dbt's manifest: its folder below models/ or marts/; tests, seeds and hooks have their own."""
    if node["resource_type"] in KINDS:
        return KINDS[node["resource_type"]]
    _, folder, *below = node["fqn"]
    return below[0] if folder == "marts" else folder


def slowest_models(results: list[dict], count: int = 3) -> dict[str, float]:
    """The models that took longest, by name with their own seconds (two may have run at once), slowest first."""
    models = [r for r in results if r["unique_id"].startswith("model.")]
    models.sort(key=lambda r: -r["execution_time"])
    return {r["unique_id"].split(".")[2]: r["execution_time"] for r in models[:count]}


def split_seconds(spans: Iterable[Span]) -> Counter:
    """Wall seconds by name. Time in which several spans ran is shared equally among them, so that the sum is wall time."""
    edges = sorted((moment, change, s.name) for s in spans for moment, change in ((s.started, 1), (s.ended, -1)))
    seconds, running, before = Counter(), Counter(), 0.0
    for moment, change, name in edges:
        at_once = running.total()
        for other, count in running.items():
            seconds[other] += (moment - before) * count / at_once if at_once else 0.0
        running[name] += change
        before = moment
    return seconds


def peak(samples: Samples, spans: Iterable[Span]) -> int | None:
    """The most memory while any of the spans ran; for a span between two looks the look after it. None without looks."""
    moments, sizes = [moment for moment, *_ in samples], [size for _, size, _ in samples]
    found = []
    for span in spans:
        first, end = bisect_left(moments, span.started), bisect_right(moments, span.ended)
        found += sizes[first : max(end, first + 1)] or sizes[-1:]
    return max(found, default=None)


def cpu_used(samples: Samples, spans: Iterable[Span]) -> float:
    """CPU seconds used while the spans ran, which must not overlap: what ran beside a span would count with it."""
    moments = [moment for moment, *_ in samples]
    # A process that ends between two reads of one look is missed by it: the sum never truly falls.
    used = [0.0, *accumulate((cpu for *_, cpu in samples), max)]
    return sum(used[bisect_right(moments, span.ended)] - used[bisect_right(moments, span.started)] for span in spans)


def whole_cost(seconds: float, samples: Samples) -> Cost:
    """Cost of all that was watched."""
    return Cost(seconds, max((cpu for *_, cpu in samples), default=None), max((size for _, size, _ in samples), default=None))


def step_costs(spans: Iterable[Span], samples: Samples) -> dict[str, Cost]:
    """Cost by step, in the order in which they first came."""
    return {
        name: Cost(sum(s.ended - s.started for s in mine), cpu_used(samples, mine), peak(samples, mine))
        for name, mine in _by_name(spans).items()
    }


def layer_costs(whole: float, nodes: list[Span], samples: Samples) -> dict[str, Cost]:
    """Cost by layer in the order of LAYERS, unknown ones after them, and the seconds of `whole` in which no node was at work."""
    seconds, found = split_seconds(nodes), _by_name(nodes)
    order = [name for name in LAYERS if name in found] + sorted(found.keys() - set(LAYERS))
    parts = {name: Cost(seconds[name], peak_rss_bytes=peak(samples, found[name])) for name in order}
    return parts | {IDLE: Cost(whole - seconds.total())}


def input_table(made: Made, runs: Iterable[RunCost]) -> list[str]:
    """What was made and what each run took in, in lines of Markdown."""
    rows = [] if made.source else [["made, once", *_size(made.deliveries, made.rows, made.bytes), *_cost(made.cost)]]
    for name, run in zip(RUNS, runs, strict=True):
        size = _size(run.deliveries, run.rows_in, run.bytes_in)
        rows.append([f"taken in, {name} run", *size, *_cost(run.steps["intake"])])
    return markdown(["", "deliveries", "rows", "MB", *COST_HEADER], rows)


def run_table(first: RunCost, second: RunCost) -> list[str]:
    """Both runs by step and layer, in lines of Markdown."""
    rows = []
    for step in dict.fromkeys([*first.steps, *second.steps]):
        rows.append([step, *_pair(first.steps.get(step), second.steps.get(step))])
        if step == "dbt":
            names = dict.fromkeys([*first.layers, *second.layers])
            rows += [[f"· {name}", *_pair(first.layers.get(name), second.layers.get(name))] for name in names]
    rows.append(["between steps", *_pair(first.between, second.between)])
    rows.append(["whole run", *_pair(first.whole, second.whole)])
    rows.append(["dbt alone", *_pair(first.bare_dbt, second.bare_dbt)])
    rows.append(["orchestration overhead", *_cost(first.overhead), *_cost(second.overhead), "", ""])  # a difference has no share
    header = [f"{run}: {title}" if title == "seconds" else title for run in RUNS for title in COST_HEADER]
    return markdown(["", *header, "second / first", "by CPU"], rows)


def floor_lines(floor: float, first: RunCost, second: RunCost) -> list[str]:
    """CPU seconds of each run as ratios to those of another way to the same tables, in lines of Markdown."""
    rows = [[name, f"{floor:,.1f}", *(f"{cost.cpu_seconds / floor:.2f}" for cost in (run.steps["dbt"], run.whole))]
            for name, run in zip(RUNS, (first, second), strict=True)]  # fmt: skip
    return markdown(["run", "floor, CPU s", "dbt / floor", "whole run / floor"], rows)


def slowest_lines(runs: Iterable[RunCost]) -> list[str]:
    """The slowest models of each run, a line each."""
    return [
        f"slowest models, {name} run: " + ", ".join(f"{model} {seconds:.1f} s" for model, seconds in run.slowest.items())
        for name, run in zip(RUNS, runs, strict=True)
    ]


def markdown(header: list[str], rows: list[list[str]]) -> list[str]:
    """A table in lines, first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    aligned = [
        [row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))]
        for row in [header, rule, *rows]
    ]
    return [f"| {' | '.join(row)} |" for row in aligned]


def _size(deliveries: int, rows: int, size: int) -> list[str]:
    return [f"{deliveries:,}", f"{rows:,}", f"{size / 1e6:,.1f}"]


def _cost(cost: Cost | None) -> list[str]:
    if cost is None:
        return [""] * len(COST_HEADER)
    figures = [f"{cost.seconds:,.1f}"]
    figures.append("" if cost.cpu_seconds is None else f"{cost.cpu_seconds:,.1f}")
    figures.append("" if cost.peak_rss_bytes is None else f"{cost.peak_rss_bytes / 1e6:,.0f}")
    return figures


def _pair(first: Cost | None, second: Cost | None) -> list[str]:
    if first is None or second is None:
        return [*_cost(first), *_cost(second), "", ""]
    shares = [_share(first.seconds, second.seconds), _share(first.cpu_seconds, second.cpu_seconds)]
    return [*_cost(first), *_cost(second), *shares]


def _share(first: float | None, second: float | None) -> str:
    return "" if first is None or second is None or first < LEAST_SHARED else f"{second / first:.0%}"


def _by_name(spans: Iterable[Span]) -> dict[str, list[Span]]:
    named: dict[str, list[Span]] = {}
    for span in spans:
        named.setdefault(span.name, []).append(span)
    return named
