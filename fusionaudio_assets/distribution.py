"""Distributions given as value → count, which add up over any number of shards: their figures, and their picture."""

import math
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from fusionaudio_assets.markdown import one_line

WIDTH, HEIGHT, GAP = 300, 190, 20
"""Size of a panel, and the space between two, in pixels."""
_HEAD, _FOOT, _LEFT = 28, 40, 44
_BINS, _TICKS, _RISES, _BARS, _ROW, _NAME = 20, 7, 4, 6, 3, 17
"""At most so many bars of a histogram, values below and counts beside it, lying bars, panels in a row, and letters."""
_BAR, _TEXT, _GRID = "#4f43dd", "#231f1b", "#dddddd"
_STYLE = f'font-family="sans-serif" font-size="12" fill="{_TEXT}"'


def percentiles(counts: Mapping[int, int] | Mapping[float, int]) -> dict[str, float]:
    """Mean, least, most and percentiles (nearest rank) of a distribution.

    Args:
        counts: Number of times by value, at least one.
    """
    total = sum(counts.values())
    ordered = sorted(counts.items())

    def percentile(share: float) -> float:
        left = max(1, math.ceil(share * total))
        for value, count in ordered:
            left -= count
            if left <= 0:
                return value
        raise ValueError("the distribution is empty")

    return {
        "mean": sum(value * count for value, count in ordered) / total,
        "min": ordered[0][0],
        "p5": percentile(0.05),
        "median": percentile(0.5),
        "p95": percentile(0.95),
        "max": ordered[-1][0],
    }


@dataclass(frozen=True)
class Panel:
    """One drawing of a picture.

    Attributes:
        title: What is counted.
        counts: Number by value (a histogram is drawn), or by name (bars, the largest first).
        values: What the values are, e.g. ``"words"``; stands below a histogram.
    """

    title: str
    counts: Mapping[int, int] | Mapping[float, int] | Mapping[str, int]
    values: str = ""


def picture(*panels: Panel) -> str:
    """Panels side by side, at most `_ROW` in a row, as SVG."""
    across = math.ceil(len(panels) / math.ceil(len(panels) / _ROW)) if panels else 1
    drawn = [
        f'<g transform="translate({column * (WIDTH + GAP) + GAP // 2}, {row * (HEIGHT + GAP)})">{_drawn(panel)}</g>'
        for number, panel in enumerate(panels)
        for row, column in [divmod(number, across)]
    ]
    width, height = across * (WIDTH + GAP), math.ceil(len(panels) / across) * (HEIGHT + GAP)
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    # A ground of its own: the UI may be dark.
    ground = f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {_STYLE}>{ground}{"".join(drawn)}</svg>\n'


def as_link(svg: str) -> str:
    """A picture as a link that holds all of it, for Markdown that stands alone."""
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def _drawn(panel: Panel) -> str:
    title = f'<text y="18" font-weight="bold">{escape(panel.title)}</text>'
    if not panel.counts:
        return title + f'<text y="{_HEAD + 20}">none</text>'
    named = {key: count for key, count in panel.counts.items() if isinstance(key, str)}
    if named:
        return title + _bars(named)
    return title + _histogram({float(key): count for key, count in panel.counts.items()}, panel.values)


def _histogram(counts: Mapping[float, int], values: str) -> str:
    """Upright bars over equal stretches of values; counts stand at the left, values below."""
    whole = all(value == int(value) for value in counts)
    step = _step(max(counts) - min(counts), _BINS, whole=whole)
    first = math.floor(min(counts) / step + 1e-6)
    bins = [0] * (math.floor(max(counts) / step + 1e-6) - first + 1)
    for value, count in counts.items():
        bins[math.floor(value / step + 1e-6) - first] += count
    width, room = (WIDTH - _LEFT) / len(bins), HEIGHT - _HEAD - _FOOT
    rise = _step(max(bins), _RISES, whole=True)
    top = rise * math.ceil(max(bins) / rise)
    bars = [
        f'<rect x="{_LEFT + number * width:.1f}" y="{_HEAD + room - high:.1f}" width="{max(width - 2, 1):.1f}" '
        f'height="{high:.1f}" fill="{_BAR}"><title>{_number(step * (first + number))}: {count:,}</title></rect>'
        for number, count in enumerate(bins)
        for high in [room * count / top]
    ]
    levels = [(rise * number, _HEAD + room * (1 - rise * number / top)) for number in range(round(top / rise) + 1)]
    lines = [
        f'<line x1="{_LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="{_TEXT if count == 0 else _GRID}"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{count:,.0f}</text>'
        for count, y in levels
    ]
    # A bar of single whole numbers is told in its middle, a stretch where it begins.
    shift = width / 2 if whole and step == 1 else 0
    ticks = [
        f'<text x="{_LEFT + number * width + shift:.1f}" y="{_HEAD + room + 16}" text-anchor="middle">'
        f"{_number(step * (first + number))}</text>"
        for number in range(0, len(bins), math.ceil(len(bins) / _TICKS))
    ]
    told = f'<text x="{(_LEFT + WIDTH) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{escape(values)}</text>'
    return "".join((*lines, *bars, *ticks, told))


def _bars(counts: Mapping[str, int]) -> str:
    """Lying bars with their names and counts; of many, the small ones together."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if len(ordered) > _BARS:
        ordered = [*ordered[: _BARS - 1], ("others", sum(count for _, count in ordered[_BARS - 1 :]))]
    high = (HEIGHT - _HEAD) / _BARS
    most = max(count for _, count in ordered)
    return "".join(
        f'<rect x="120" y="{top + 3:.1f}" width="{130 * count / most:.1f}" height="{high - 6:.1f}" fill="{_BAR}"/>'
        f'<text x="112" y="{top + high - 8:.1f}" text-anchor="end">{escape(one_line(name, _NAME))}</text>'
        f'<text x="{126 + 130 * count / most:.1f}" y="{top + high - 8:.1f}">{count:,}</text>'
        for number, (name, count) in enumerate(ordered)
        for top in [_HEAD + number * high]
    )


def _step(span: float, most: int, *, whole: bool) -> float:
    """The least of 1, 2 and 5 times a power of ten of which fewer than `most` fit into `span`."""
    exponent = math.floor(math.log10(max(span, 1e-2) / most))
    step = next(
        factor * 10.0**power
        for power in (exponent, exponent + 1)
        for factor in (1, 2, 5)
        if factor * 10.0**power * most > span
    )
    return max(step, 1.0) if whole else step


def _number(value: float) -> str:
    return f"{round(value, 6):g}"
