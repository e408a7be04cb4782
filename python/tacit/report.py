"""What a conversion did, for people: a page with tables and the curves of its losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

Entry = Mapping[str, object]


def draw_curves(history: Sequence[Entry], path: Path) -> None:
    """One panel a stage, one line a term; a logarithmic scale, for the terms differ in size."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    stages = [entry for entry in history if entry["curves"]]
    if not stages:
        return
    figure, panels = plt.subplots(
        1, len(stages), figsize=(4 * len(stages), 3.2), squeeze=False, layout="constrained"
    )
    for panel, entry in zip(panels[0], stages, strict=True):
        curves = entry["curves"]
        for term in [key for key in curves[0] if key != "step"]:
            panel.plot(
                [c["step"] for c in curves], [max(c[term], 1e-6) for c in curves], label=term
            )
        panel.set_yscale("log")
        panel.set_title(entry["stage"])
        panel.set_xlabel("step")
        panel.legend(fontsize="x-small")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def write_report(result: Entry, history: Sequence[Entry], path: Path) -> None:
    """Metrics before and after each stage, and the ranges at the beginning and at the end."""
    lines = [f"# {result['made_from']} as {result['config']['recipe']}", ""]
    lines += ["| stage | replaced, untrained | trained | seconds |", "|---|---|---|---|"]
    for entry in history:
        before = metric(entry["before"]) if "before" in entry else ""
        cells = (entry["stage"], before, metric(entry["after"]), f"{entry['seconds']:.0f}")
        lines.append(f"| {' | '.join(map(str, cells))} |")
    lines += [
        "",
        f"In F16: {metric(result['metrics'])}. Program: {result.get('program', 'absent')}.",
    ]
    lines += ["", "| slot | original | converted |", "|---|---|---|"]
    first, last = history[0]["ranges"], history[-1]["ranges"]
    for slot in sorted({*first, *last}):
        lines.append(f"| `{slot}` | {span(first.get(slot))} | {span(last.get(slot))} |")
    path.write_text("\n".join(lines) + "\n", "utf-8")


def metric(metrics: Mapping[str, float]) -> str:
    return ", ".join(
        f"{name} {x}" if isinstance(x, int) else f"{name} {x:.4f}" for name, x in metrics.items()
    )


def span(ends: Sequence[float] | None) -> str:
    return f"{ends[0]:.3g} … {ends[1]:.3g}" if ends else "–"
