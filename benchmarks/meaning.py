"""What meaning costs a search: whole searches by words alone and with meaning, on one index, in turn.

    python benchmarks/meaning.py FOLDER QUESTIONS

FOLDER has the ``index`` and ``documents`` of one collection and QUESTIONS a JSON string a line: ``run.py --work`` leaves both
(``ours-…``, ``questions.jsonl``). To encode the passages of 107 thousand pages takes hours, and what a search costs depends only
on how many there are: vectors are drawn around the mean of the questions' own, and put into FOLDER's index, which is of no use
for searching afterwards. Questions are really encoded. Each is asked for the first time and again.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kb.engine import open_store
from kb.meaning import making
from kb.meaning.encoder import Encoder, Vectors, open_encoder, unit
from kb.reading.query import make_query
from kb.search import KnowledgeBase
from kb.settings import load

BLOCK = 25
"""Questions that one way answers before the other has its turn, so that a busy moment of the machine falls on both."""
_SEED = 20261126
_SPREAD = 0.5
"""How far a drawn vector is from the mean: as far as real ones are, whose cosines lie between 0.75 and 0.95."""


class Drawn:
    """An encoder whose passages are drawn; queries are those of the real one."""

    def __init__(self, encoder: Encoder, questions: Sequence[str]) -> None:
        self.name, self.dimensions, self.encode_queries = encoder.name, encoder.dimensions, encoder.encode_queries
        self._mean = encoder.encode_queries(questions).mean(axis=0)
        self._chance = np.random.default_rng(_SEED)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """As many vectors as texts."""
        drawn = self._chance.normal(0, _SPREAD / self.dimensions**0.5, (len(texts), self.dimensions))
        return unit((self._mean + drawn).astype(np.float32))


def main() -> None:
    args = _arguments()
    questions = [json.loads(line) for line in args.questions.read_text(encoding="utf-8").splitlines()]
    common = {"documents": args.folder / "documents", "index": args.folder / "index", "request_seconds": 60}
    settings = {"words alone": load(meaning="off", **common), "with meaning": load(meaning="local", **common)}
    encoder = open_encoder(settings["with meaning"])
    if encoder is None:
        raise SystemExit("The extra „meaning” is not installed.")
    making.make(settings["with meaning"], Drawn(encoder, questions[:BLOCK]), lambda _: None)
    size = open_store(settings["words alone"]).current().size
    bases = {name: KnowledgeBase(own) for name, own in settings.items()}
    for base in bases.values():
        base.prepare()
        base.search(make_query("samorząd"))
    print(
        f"{size.documents:,} documents, {size.pages:,} pages, {len(questions)} questions; load {os.getloadavg()[0]:.1f}"
    )
    print("| whole search | first, median ms | first, 95 % | again, median ms | again, 95 % |\n|---|--:|--:|--:|--:|")
    passes = [_timed(bases, questions), _timed(bases, questions)]
    for name in bases:
        cells = [f"{part:.1f}" for times in passes for part in _told(times[name])]
        print(f"| {name} | {' | '.join(cells)} |")


def _timed(bases: dict[str, KnowledgeBase], questions: Sequence[str]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in bases}
    for start in range(0, len(questions), BLOCK):
        for name, base in bases.items():
            for question in questions[start : start + BLOCK]:
                began = time.perf_counter()
                base.search(make_query(question))
                times[name].append((time.perf_counter() - began) * 1000)
    return times


def _told(times: Sequence[float]) -> tuple[float, float]:
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with index/ and documents/")
    parser.add_argument("questions", type=Path, help="JSON strings, a line each")
    return parser.parse_args()


if __name__ == "__main__":
    main()
