"""The picture of the media benchmark: what a CPU second forwards, and how the cost grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt  # the backend has to be chosen first
from matplotlib.axes import Axes

NAMES = {
    "floor": "the kernel alone (no keys, no headers)",
    "ours": "this media plane, every feature on",
    "janus_tuned": "Janus, one event loop",
    "janus_default": "Janus, as it comes",
    "media_relay": "aiortc MediaRelay (decodes, encodes)",
}
_INK, _QUIET, _OURS, _THEIRS = "#2b2a27", "#8a857b", "#2f6f62", "#c9c2b4"


def draw(rate: Mapping[str, float], growth: Sequence[tuple[float, float]], to: Path) -> None:
    """`rate`: server -> forwarded packets a CPU second; `growth`: (packets a second, share of a core)."""
    plt.rcParams |= {"font.family": "DejaVu Sans", "font.size": 10, "text.color": _INK, "axes.edgecolor": _QUIET}
    figure, (bars, line) = plt.subplots(1, 2, figsize=(11.5, 4.4), width_ratios=(1.25, 1), facecolor="#fbf9f5")
    _bars(bars, rate)
    _growth(line, growth)
    figure.tight_layout(pad=1.6, w_pad=3.5)
    figure.savefig(to, dpi=150)
    plt.close(figure)


def _bars(axes: Axes, rate: Mapping[str, float]) -> None:
    names = sorted(rate, key=lambda name: rate[name])
    values = [rate[name] / 1000 for name in names]
    axes.barh(range(len(names)), values, height=0.5, color=[_OURS if n == "ours" else _THEIRS for n in names])
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        weight = "bold" if name == "ours" else "normal"
        axes.text(0, place + 0.31, NAMES[name], va="bottom", color=_INK, weight=weight)
        axes.text(value + max(values) * 0.012, place, f"{value:,.1f} k", va="center", color=_INK, weight=weight)
    axes.set_title("Packets forwarded for each second of CPU time", loc="left", pad=14, weight="bold")
    axes.set_xlim(0, max(values) * 1.14)
    axes.set_ylim(-0.5, len(names) - 0.2)
    axes.set_axis_off()
    axes.title.set_visible(True)


def _growth(axes: Axes, growth: Sequence[tuple[float, float]]) -> None:
    packets, share = np.array([p for p, _ in growth]) / 1000, np.array([100 * s for _, s in growth])
    axes.set_facecolor("#fbf9f5")
    if len(growth) > 1:
        slope, base = np.polyfit(packets, share, 1)
        along = np.array([0, packets.max() * 1.05])
        axes.plot(along, base + slope * along, color=_THEIRS, linewidth=2, zorder=1)
        middle = packets.max() * 0.55
        axes.text(middle, base + slope * middle - 14, f"{100 / slope:,.0f} k a second\nfill a core", color=_QUIET)
    axes.scatter(packets, share, color=_OURS, zorder=2)
    axes.set_title("A core fills up in a straight line", loc="left", pad=14, weight="bold")
    axes.set_xlabel("thousand packets forwarded a second", color=_QUIET)
    axes.set_ylabel("per cent of one core", color=_QUIET)
    axes.set_ylim(0, 105)
    axes.set_xlim(0, None)
    axes.tick_params(colors=_QUIET)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
