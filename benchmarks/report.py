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
_MEASURES = {"ten_best": "(a) dziesięć najlepszych stron", "search": "(b) całe wyszukiwanie"}
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
    return f"""# Wydajność

Ten plik pisze jedno polecenie, `python benchmarks/run.py PLIKI.jsonl --pdf FOLDER`; ostatni raz {results["date"]}.
Wszystkie wyszukiwarki odpowiadają w jednym procesie, na zmianę, na te same pytania i te same termy (wynik naszego
analizatora), więc porównanie dotyczy silników, a nie odmiany słów. Milisekundy zależą od maszyny; powtarzalne są
**stosunki median**.

- Maszyna: {machine["processor"]}, rdzenie: {machine["cores"]}, pamięć: {machine["memory_gb"]} GB, {machine["system"]};
  obciążenie na początku: {_number(machine["load"])}.
- Python {machine["python"]}, SQLite {machine["sqlite"]}, {packages}.
- Zbiór: fragmenty podanych plików, dalej te same z przestawionymi słowami; dokument to pięć stron, z edycją,
  tematami, rodzajem i rokiem.
- Pytania: od dwóch do sześciu sąsiednich słów znaczących z losowych stron, częste i rzadkie razem.
- **(a) dziesięć najlepszych stron**: suma słów (OR). Nasza wyszukiwarka daje przy tym dziesięć dokumentów
  i liczby pasujących dokumentów i stron, bez filtrów.
- **(b) całe wyszukiwanie**: dziesięć dokumentów według najlepszej strony, liczba pasujących dokumentów i stron, liczba dokumentów
  każdej wartości czterech filtrów, dziesięć wyróżnionych fragmentów. „tantivy” i FTS5 oddają wszystkie trafienia, a grupuje
  i liczy je NumPy; „tantivy, dwa indeksy” trzyma obok drugi indeks, całych dokumentów, tylko do liczenia. „Baza wiedzy, całe
  wyszukiwanie” to pytanie tak, jak je zadaje czytelnik: odczytane, naprawione, w obu polach, do trzech fragmentów z dokumentu.
  Whoosh liczy w filtrach strony zamiast dokumentów.
- „Pierwszy raz”: świeżo otwarty silnik, listy słów czytane z dysku; „ponownie”: te same pytania drugi raz.

![Mediana czasu odpowiedzi a liczba stron](performance.svg)"""


def _queries(sizes: Mapping[str, Any]) -> list[str]:
    parts = []
    for size, found in sizes.items():
        parts.append(f"## {_grouped(int(size))} stron")
        for measure, title in _MEASURES.items():
            parts.append(f"### {title}\n\n{_table(found[measure])}")
        new = found["new_words"][OURS]
        parts.append(
            f"Gdy każde słowo każdego pytania jest czytane z dysku (bez pamięci list): mediana {_ms(median(new))}, p95 "
            f"{_ms(percentile(new, 0.95))} ms. Otwarcie indeksu: {_number(found['opened'][OURS])} s."
        )
        parts.append("\n".join(_agreement(name, own) for name, own in found["agreement"].items()))
    return parts


def _table(measured: Mapping[str, Times]) -> str:
    lines = [
        "| wyszukiwarka | pierwszy raz: mediana | p95 | ponownie: mediana | p95 | stosunek do naszej: pierwszy raz | ponownie |",
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
            f"\nZ powodu czasu nie na wszystkie pytania odpowiedziały: {told} (z {len(measured['first'][OURS])})."
        )
    return "\n".join(lines)


def _ratio(times: Times, name: str) -> str:
    """How many times slower than ours, by medians over the questions that both answered."""
    own, other = times[OURS], times[name]
    shared = min(len(own), len(other))
    return _number(median(other[:shared]) / median(own[:shared])) + " ×"


def _agreement(name: str, found: Mapping[str, Any]) -> str:
    return (
        f"- {name}: te same liczby dokumentów, stron i filtrów w {found['same_counts']} z {found['questions']} pytań; "
        f"wspólnych dokumentów w pierwszej dziesiątce: {found['shared']:.0%} "
        "(u nas liczy się też tytuł, a długość strony liczą inaczej)."
    )


def _growth(sizes: Mapping[str, Any]) -> str:
    first, last = min(sizes, key=int), max(sizes, key=int)
    if first == last:
        return ""
    told = (
        f"Od {_grouped(int(first))} do {_grouped(int(last))} stron, czyli {_number(int(last) / int(first))} ×, "
        "mediana powtórnych odpowiedzi rośnie:"
    )
    lines = [
        f"## Wzrost\n\n{told}\n",
        "| wyszukiwarka | (a) | (b) |",
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
            f"- Jeden proces: od startu do gotowości {_number(alone['ready_s'])} s, "
            f"do pierwszej odpowiedzi {_number(alone['first_answer_s'])} s."
        ),
        f"- {alone['requests']} pytań po kolei, pierwszy raz: {_spread(alone['ms'])}.",
    ]
    for workers, load in found["load"].items():
        asked, health = load["search"], load["health"]["ms"]
        speed = _number(len(asked["ms"]) / asked["seconds"])
        lines.append(
            f"- {asked['users']} osób naraz, `--workers {workers}`: {len(asked['ms'])} odpowiedzi, {speed} na sekundę, "
            f"{_spread(asked['ms'])}; błędy: {len(asked['failures'])}. "
            f"W tym czasie `/healthz`, {len(health)} zapytań: {_spread(health)}, najdłużej {_ms(max(health))} ms."
        )
    memory = alone["memory_mb"]
    if memory["ready"] is not None:
        lines.append(
            f"- Pamięć procesu: {memory['ready']:.0f} MB po starcie, {memory['once']:.0f} MB po {alone['requests']} "
            f"pytaniach, {memory['twice']:.0f} MB po tych samych jeszcze raz; w tym {alone['mapped_mb']:.0f} MB to pliki "
            "zmapowane w pamięć (indeks i biblioteki), które system odda, gdy zabraknie jej komu innemu."
        )
    return [f"## Serwer, {_grouped(found['pages'])} stron", "\n".join(lines)]


def _spread(times: Sequence[float]) -> str:
    return f"mediana {_ms(median(times))}, p95 {_ms(percentile(times, 0.95))} ms"


def _indexing(results: Mapping[str, Any]) -> list[str]:
    lines = []
    pdf, changed = results.get("pdf"), results.get("changed")
    if pdf:
        ours, plain = pdf["ours"], pdf["plain"]
        speeds = [own["pages"] / own["seconds"] for own in (ours, plain)]
        lines.append(
            f"- Folder PDF ({pdf['files']} plików), pusty indeks: `kb index` {_run(ours)}; "
            f"tekst z pypdf i zwykły zapis Whoosh, jeden proces: {_run(plain)}. "
            f"Stosunek: **{_number(speeds[0] / speeds[1])} ×**."
        )
    if changed:
        times = {name: _number(changed[name]["seconds"]) for name in ("first", "nothing", "changed")}
        end = "i od razu jest w wynikach" if changed["found"] else "ale nie ma go w wynikach"
        lines.append(
            f"- Markdown, {_grouped(changed['documents'])} dokumentów, {_grouped(changed['indexed_pages'])} stron: "
            f"pierwszy raz {times['first']} s; gdy nic się nie zmieniło {times['nothing']} s; "
            f"gdy zmienił się jeden plik {times['changed']} s, {end}."
        )
    return ["## Indeksowanie", "\n".join(lines)] if lines else []


def _run(own: Mapping[str, Any]) -> str:
    speed = _number(own["pages"] / own["seconds"])
    return f"{own['pages']} stron w {_number(own['seconds'])} s, czyli {speed} na sekundę"


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
        f'role="img"><title>Mediana czasu odpowiedzi a liczba stron</title>'
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

    drawn = [f'<text x="{left + _LEFT}" y="22" font-weight="bold">{title}, mediana w ms</text>']
    for power in range(low, high + 1):
        x, y = place(min(map(int, sizes)), 10.0**power)
        drawn.append(f'<path d="M{x} {y}H{left + _WIDTH - _RIGHT}" stroke="#ddd"/>')
        drawn.append(f'<text x="{x - 8}" y="{y + 4}" text-anchor="end">{f"{10.0**power:g}".replace(".", ",")}</text>')
    for size in map(int, sizes):
        x, y = place(size, 10.0**low)
        drawn.append(f'<text x="{x}" y="{y + 20}" text-anchor="middle">{_grouped(size)}</text>')
    for name, own in points.items():
        places = [place(*point) for point in own]
        line = " ".join(f"{x},{y}" for x, y in places)
        drawn.append(f'<polyline points="{line}" fill="none" stroke="{colours[name]}" stroke-width="2"/>')
        drawn += [f'<circle cx="{x}" cy="{y}" r="4" fill="{colours[name]}"/>' for x, y in places]
    return "".join(drawn)


# Numbers in Polish


def _number(value: float) -> str:
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 0.1 else 3
    return f"{value:.{digits}f}".replace(".", ",")


_ms = _number


def _grouped(value: int) -> str:
    return f"{value:,}".replace(",", " ")
