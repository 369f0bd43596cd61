"""What a metric is, and how all of them are written for those who collect them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Name = tuple[str, ...]
"""The values of a metric's labels, in their order."""

COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Metric:
    """A counter, a gauge, or a histogram with the upper bounds of its buckets."""

    kind: str
    name: str
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    id: str = field(init=False, default="")
    size: int = field(init=False, default=1)
    """How many values a series has: one, or those of the buckets, what is above them all, and the sum."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", f"{self.kind} {self.name}")
        if self.kind == HISTOGRAM:
            object.__setattr__(self, "size", len(self.buckets) + 2)

    def bucket(self, value: float) -> int:
        """The bucket that a value falls into."""
        return bisect_left(self.buckets, value)


def page_of(metrics: Sequence[Metric], sums: Mapping[tuple[str, Name], Sequence[float]]) -> bytes:
    """Write metrics in the text format of Prometheus, version 0.0.4."""
    known: dict[str, list[tuple[Name, Sequence[float]]]] = {}
    for (id, labels), values in sums.items():
        known.setdefault(id, []).append((labels, values))
    lines: list[str] = []
    for metric in metrics:
        lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}"]
        for labels, values in sorted(known.get(metric.id, ())):
            lines += _lines(metric, labels, values)
    return ("\n".join(lines) + "\n").encode()


def _lines(metric: Metric, labels: Name, values: Sequence[float]) -> Iterator[str]:
    pairs = list(zip(metric.labels, labels, strict=True))
    if metric.kind != HISTOGRAM:
        yield f"{metric.name}{_braced(pairs)} {_number(values[0])}"
        return
    count = 0.0
    for bound, value in zip((*map(_number, metric.buckets), "+Inf"), values, strict=False):
        count += value
        yield f"{metric.name}_bucket{_braced([*pairs, ('le', bound)])} {_number(count)}"
    yield f"{metric.name}_sum{_braced(pairs)} {_number(values[-1])}"
    yield f"{metric.name}_count{_braced(pairs)} {_number(count)}"


def _braced(pairs: Sequence[tuple[str, str]]) -> str:
    if not pairs:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in pairs) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
