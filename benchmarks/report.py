"""Measured figures → docs/performance.md and docs/performance.svg. What was not measured is not in them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from server import percentile

OURS = "Baza wiedzy"
_COLOURS = ("#0b5fa5", "#b3261e", "#6b4ea0", "#8a6100", "#2e7d32", "#00838f")
_MEASURES = {"ten_best": "(a) the ten best pages", "search": "(b) a page of results"}
_WIDTH, _HEIGHT = 470, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 32, 40, 45

Times = Mapping[str, Sequence[float]]


def write(results: Mapping[str, Any], out: Path) -> None:
    """Write both files."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "performance.svg").write_text(_chart(results["sizes"]), encoding="utf-8")
    parts = [
        _introduction(results),
        *_queries(results["sizes"]),
        _growth(results["sizes"]),
        *_server(results.get("server")),
        *_indexing(results),
    ]
    (out / "performance.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _introduction(results: Mapping[str, Any]) -> str:
    machine = results["machine"]
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    return f"""# Performance

One command writes this file: `python benchmarks/run.py FILES.jsonl --pdf FOLDER`; last run {results["date"]}.
All engines answer in one process, in turns, the same questions with the same terms (the output of our analyzer), so the engines
are compared, not their handling of inflection. Milliseconds depend on the machine; what repeats is the **ratio of medians**.

- Machine: {machine["processor"]}, {machine["cores"]} cores, {machine["memory_gb"]} GB of memory, {machine["system"]};
  load at the start: {_number(machine["load"])}.
- Python {machine["python"]}, SQLite {machine["sqlite"]}, {packages}.
- Collection: the passages of the given files, then the same again with their words shuffled; a document has five pages, an
  edition, topics, a kind and a year.
- Questions: two to six neighbouring content words from random pages, frequent and rare ones together.
- **(a) the ten best pages**: an OR of the words. Ours also gives ten documents and the numbers of matching documents and
  pages, without facets.
- **(b) a page of results**: ten documents by their best page, the numbers of matching documents and pages, the number of
  documents for every value of four facets, ten highlighted snippets. "tantivy" and FTS5 return every match, and NumPy groups
  and counts them; "tantivy, two indexes" keeps a second index, of whole documents, just for counting. "Baza wiedzy, whole
  search" is the question as a reader asks it: read, repaired, in both fields, with up to three snippets a document. Whoosh's
  facets count pages instead of documents.
- "First time": a newly opened engine, posting lists read from disk; "again": the same questions a second time. Ours keeps the
  matches of the latest questions, in the whole search the results themselves, so that it does not search again then.

![Median time of an answer by number of pages](performance.svg)"""


def _queries(sizes: Mapping[str, Any]) -> list[str]:
    parts = []
    for size, found in sizes.items():
        parts.append(f"## {_grouped(int(size))} pages")
        for measure, title in _MEASURES.items():
            parts.append(f"### {title}\n\n{_table(found[measure])}")
        new = found["new_words"][OURS]
        parts.append(
            f"When every word of every question is read from disk (no lists kept): median {_ms(median(new))}, p95 "
            f"{_ms(percentile(new, 0.95))} ms. Opening the index: {_number(found['opened'][OURS])} s."
        )
        parts.append("\n".join(_agreement(name, own) for name, own in found["agreement"].items()))
    return parts


def _table(measured: Mapping[str, Times]) -> str:
    lines = [
        "| engine | first time: median, ms | p95 | again: median, ms | p95 | ratio to ours: first time | again |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, first in measured["first"].items():
        again = measured["again"][name]
        ratios = [_ratio(measured[turn], name) for turn in ("first", "again")]
        figures = [_ms(median(first)), _ms(percentile(first, 0.95)), _ms(median(again)), _ms(percentile(again, 0.95))]
        lines.append(f"| {name} | {' | '.join(figures)} | {' | '.join(ratios)} |")
    few = {n: len(t) for n, t in measured["first"].items() if len(t) < len(measured["first"][OURS])}
    if few:
        told = ", ".join(f"{name} {count}" for name, count in few.items())
        lines.append(
            f"\nNot all questions were answered in the time allowed: {told} (of {len(measured['first'][OURS])})."
        )
    return "\n".join(lines)


def _ratio(times: Times, name: str) -> str:
    """How many times slower than ours, by medians over the questions that both answered."""
    own, other = times[OURS], times[name]
    shared = min(len(own), len(other))
    return _number(median(other[:shared]) / median(own[:shared])) + " ×"


def _agreement(name: str, found: Mapping[str, Any]) -> str:
    return (
        f"- {name}: the same numbers of documents, pages and facet values for {found['same_counts']} of {found['questions']} "
        f"questions; documents in common among the first ten: {found['shared']:.0%} "
        "(ours also scores the title, and the others compute a page's length differently)."
    )


def _growth(sizes: Mapping[str, Any]) -> str:
    first, last = min(sizes, key=int), max(sizes, key=int)
    if first == last:
        return ""
    told = (
        f"From {_grouped(int(first))} to {_grouped(int(last))} pages, that is {_number(int(last) / int(first))} ×, "
        "the median of repeated answers grows by:"
    )
    lines = [
        f"## Growth\n\n{told}\n",
        "| engine | (a) | (b) |",
        "|---|--:|--:|",
    ]
    for name in sizes[last]["search"]["again"]:
        cells = [
            _number(median(sizes[last][m]["again"][name]) / median(sizes[first][m]["again"][name])) + " ×"
            if name in sizes[first][m]["again"] and name in sizes[last][m]["again"]
            else "–"
            for m in _MEASURES
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _server(found: Mapping[str, Any] | None) -> list[str]:
    if not found:
        return []
    alone = found["alone"]
    lines = [
        (
            f"- One process: {_number(alone['ready_s'])} s from start to ready, "
            f"{_number(alone['first_answer_s'])} s to the first answer."
        ),
        f"- {alone['requests']} questions one after another, first time: {_spread(alone['ms'])}.",
    ]
    for workers, load in found["load"].items():
        asked, health = load["search"], load["health"]["ms"]
        speed = _number(len(asked["ms"]) / asked["seconds"])
        lines.append(
            f"- {asked['users']} people at once, `--workers {workers}`: {len(asked['ms'])} answers, {speed} a second, "
            f"{_spread(asked['ms'])}; errors: {len(asked['failures'])}. "
            f"Meanwhile `/healthz`, {len(health)} requests: {_spread(health)}, longest {_ms(max(health))} ms."
        )
    memory = alone["memory_mb"]
    if memory["ready"] is not None:
        lines.append(
            f"- Memory of the process: {memory['ready']:.0f} MB after the start, {memory['once']:.0f} MB after "
            f"{alone['requests']} questions, {memory['twice']:.0f} MB after the same ones again; "
            f"{alone['mapped_mb']:.0f} MB of it are files mapped into memory (index and libraries), which the system takes "
            "back when others need it."
        )
    return [f"## Server, {_grouped(found['pages'])} pages", "\n".join(lines)]


def _spread(times: Sequence[float]) -> str:
    return f"median {_ms(median(times))}, p95 {_ms(percentile(times, 0.95))} ms"


def _indexing(results: Mapping[str, Any]) -> list[str]:
    lines = []
    pdf, changed = results.get("pdf"), results.get("changed")
    if pdf:
        ours, plain = pdf["ours"], pdf["plain"]
        speeds = [own["pages"] / own["seconds"] for own in (ours, plain)]
        lines.append(
            f"- A folder of PDFs ({pdf['files']} files), empty index: `kb index` {_run(ours)}; "
            f"pypdf's text into Whoosh's plain writer, one process: {_run(plain)}. "
            f"Ratio: **{_number(speeds[0] / speeds[1])} ×**."
        )
    if changed:
        times = {name: _number(changed[name]["seconds"]) for name in ("first", "nothing", "changed")}
        end = "and it is found at once" if changed["found"] else "but it is not found"
        lines.append(
            f"- Markdown, {_grouped(changed['documents'])} documents, {_grouped(changed['indexed_pages'])} pages: "
            f"first time {times['first']} s; with nothing changed {times['nothing']} s; "
            f"with one file changed {times['changed']} s, {end}."
        )
    return ["## Indexing", "\n".join(lines)] if lines else []


def _run(own: Mapping[str, Any]) -> str:
    speed = _number(own["pages"] / own["seconds"])
    return f"{own['pages']} pages in {_number(own['seconds'])} s, that is {speed} a second"


# The chart


def _chart(sizes: Mapping[str, Any]) -> str:
    names = list(dict.fromkeys(n for found in sizes.values() for m in _MEASURES for n in found[m]["again"]))
    colours = dict(zip(names, _COLOURS, strict=False))
    panels = [_panel(i * _WIDTH, m, title, sizes, colours) for i, (m, title) in enumerate(_MEASURES.items())]
    legend = []
    for i, name in enumerate(names):
        x, y = _LEFT + i % 3 * 290, _HEIGHT + 14 + i // 3 * 22
        legend.append(
            f'<circle cx="{x}" cy="{y - 4}" r="5" fill="{colours[name]}"/><text x="{x + 12}" y="{y}">{name}</text>'
        )
    width, height = 2 * _WIDTH, _HEIGHT + 22 * -(-len(names) // 3) + 10
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13" '
        f'role="img"><title>Median time of an answer by number of pages</title>'
        f'<rect width="{width}" height="{height}" fill="#fff"/>{"".join(panels)}{"".join(legend)}</svg>\n'
    )


def _panel(left: int, measure: str, title: str, sizes: Mapping[str, Any], colours: Mapping[str, str]) -> str:
    """One measure: pages across, milliseconds up, both logarithmic; the second time each question is asked."""
    points = {
        name: [
            (int(size), median(found[measure]["again"][name]))
            for size, found in sizes.items()
            if name in found[measure]["again"]
        ]
        for name in colours
    }
    values = [ms for own in points.values() for _, ms in own]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    across = [math.log10(int(size)) for size in sizes]
    span = (max(across) - min(across)) or 1

    def place(pages: int, ms: float) -> tuple[float, float]:
        x = left + _LEFT + (math.log10(pages) - min(across)) / span * (_WIDTH - _LEFT - _RIGHT)
        y = _HEIGHT - _BOTTOM - (math.log10(ms) - low) / max(1, high - low) * (_HEIGHT - _TOP - _BOTTOM)
        return round(x, 1), round(y, 1)

    drawn = [f'<text x="{left + _LEFT}" y="22" font-weight="bold">{title}, median in ms</text>']
    for power in range(low, high + 1):
        x, y = place(min(map(int, sizes)), 10.0**power)
        drawn.append(f'<path d="M{x} {y}H{left + _WIDTH - _RIGHT}" stroke="#ddd"/>')
        drawn.append(f'<text x="{x - 8}" y="{y + 4}" text-anchor="end">{10.0**power:g}</text>')
    for size in map(int, sizes):
        x, y = place(size, 10.0**low)
        drawn.append(f'<text x="{x}" y="{y + 20}" text-anchor="middle">{_grouped(size)}</text>')
    for name, own in points.items():
        places = [place(*point) for point in own]
        line = " ".join(f"{x},{y}" for x, y in places)
        drawn.append(f'<polyline points="{line}" fill="none" stroke="{colours[name]}" stroke-width="2"/>')
        drawn += [f'<circle cx="{x}" cy="{y}" r="4" fill="{colours[name]}"/>' for x, y in places]
    return "".join(drawn)


# Numbers


def _number(value: float) -> str:
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 0.1 else 3
    return f"{value:.{digits}f}"


_ms = _number


def _grouped(value: int) -> str:
    return f"{value:,}"
