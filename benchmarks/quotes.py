"""How well quotations are checked: sentences of a collection, spoiled in each way that people spoil them, and strange ones.

    python benchmarks/quotes.py --documents FOLDER --index INDEX --strange FILE.jsonl[.gz] [--count N] [--write FILE]

``INDEX`` holds the documents of ``FOLDER``; ``FILE`` has passages of another collection. Sentences are drawn with a fixed seed.
A sentence counts as found where one of the places that are told is on its page. ``--write`` puts the table between
``<!-- NAME -->`` and ``<!-- /NAME -->``, ``--name`` says which.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jsonl_to_markdown import passages

from kb.finding.snippets import sentences
from kb.model import Page
from kb.polish import fold, is_stop_word, words
from kb.quoting.places import Checked
from kb.search import KnowledgeBase
from kb.settings import load

_SEED = 20261125
_FEWEST_WORDS = 6
_MOST_WORDS = 120


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a page; ``others`` are words of the same collection, to be exchanged for its own."""

    document: str
    page: int
    text: str


Disturbance = Callable[[str, random.Random, Sequence[str]], str]


def undisturbed(text: str, _: random.Random, __: Sequence[str]) -> str:
    return text


def line_ends(text: str, chance: random.Random, _: Sequence[str]) -> str:
    return re.sub(r" ", lambda _: chance.choice((" ", " ", " ", "\n", "\r\n")), text)


def hyphenated(text: str, chance: random.Random, _: Sequence[str]) -> str:
    """Every long word may be broken by a hyphen at a line's end."""

    def broken(match: re.Match[str]) -> str:
        word = match[0]
        at = chance.randrange(3, len(word) - 2)
        return (
            f"{word[:at]}{chance.choice(('-', chr(0x2010), chr(0xAD)))}\n{word[at:]}" if chance.random() < 0.4 else word
        )

    return re.sub(r"[^\W\d_]{7,}", broken, text)


def soft_hyphens(text: str, _: random.Random, __: Sequence[str]) -> str:
    return re.sub(r"([^\W\d_]{3})(?=[^\W\d_]{3})", "\\1\N{SOFT HYPHEN}", text)


def quotes_and_dashes(text: str, _: random.Random, __: Sequence[str]) -> str:
    return re.sub("[–—−]", "-", re.sub("[„”“»«]", '"', f"„{text}”"))


def no_diacritics(text: str, _: random.Random, __: Sequence[str]) -> str:
    return fold(text)


def capitals(text: str, _: random.Random, __: Sequence[str]) -> str:
    return text.upper()


def double_spaces(text: str, _: random.Random, __: Sequence[str]) -> str:
    return text.replace(" ", "  ")


def ligatures(text: str, _: random.Random, __: Sequence[str]) -> str:
    return text.replace("ffi", "ﬃ").replace("fi", "ﬁ").replace("fl", "ﬂ")


def wrong_words(text: str, chance: random.Random, others: Sequence[str]) -> str:
    """One word in ten is another, at least one."""
    parts = text.split()
    for i in chance.sample(range(len(parts)), max(1, len(parts) // 10)):
        parts[i] = chance.choice(others)
    return " ".join(parts)


def misspelt(text: str, chance: random.Random, _: Sequence[str]) -> str:
    """One word in five has a letter exchanged with the next one."""

    def slip(match: re.Match[str]) -> str:
        word = match[0]
        i = chance.randrange(1, len(word) - 2)
        return word[:i] + word[i + 1] + word[i] + word[i + 2 :] if chance.random() < 0.2 else word

    return re.sub(r"[^\W\d_]{5,}", slip, text)


def missing_word(text: str, chance: random.Random, _: Sequence[str]) -> str:
    parts = text.split()
    del parts[chance.randrange(len(parts))]
    return " ".join(parts)


def footnote_number(text: str, chance: random.Random, _: Sequence[str]) -> str:
    """A footnote's number that the document's text does not have stands after a word."""
    parts = text.split()
    parts[chance.randrange(len(parts))] += str(chance.randrange(1, 90))
    return " ".join(parts)


def left_out(text: str, chance: random.Random, _: Sequence[str]) -> str:
    """Some words in the middle are left out, and „[…]” says so."""
    parts = text.split()
    if len(parts) < 8:
        return text
    start = chance.randrange(3, len(parts) - 4)
    end = chance.randrange(start + 1, len(parts) - 2)
    return " ".join([*parts[:start], chance.choice(("[…]", "(...)", "[...]")), *parts[end:]])


def stressed(text: str, chance: random.Random, _: Sequence[str]) -> str:
    parts = text.split()
    i = chance.randrange(len(parts))
    parts[i] = f"**{parts[i]}**"
    return " ".join(parts) + " [podkr. aut.]"


DISTURBANCES: Sequence[tuple[str, Disturbance]] = (
    ("undisturbed", undisturbed),
    ("line ends", line_ends),
    ("hyphens at line ends", hyphenated),
    ("soft hyphens", soft_hyphens),
    ("other quotation marks and dashes", quotes_and_dashes),
    ("no diacritics", no_diacritics),
    ("capital letters", capitals),
    ("double spaces", double_spaces),
    ("ligatures", ligatures),
    ("one word in ten another", wrong_words),
    ("misspelt words", misspelt),
    ("a word missing", missing_word),
    ("a footnote's number", footnote_number),
    ("words left out, „[…]”", left_out),
    ("stress added", stressed),
)


def drawn(knowledge: KnowledgeBase, count: int, documents: frozenset[str]) -> list[Sentence]:
    """Sentences of all pages, each as likely as any other: of text, lists, tables and footnotes, and over page ends."""
    found = [
        Sentence(document.id, page.number, text)
        for document in knowledge.documents()
        if not documents or document.path in documents
        for page in knowledge.pages(document.id)
        for text in _of_page(page)
    ]
    return random.Random(_SEED).sample(found, min(count, len(found)))


def _of_page(page: Page) -> Iterator[str]:
    text = page.whole_text
    for start, end in sentences(text):
        if _FEWEST_WORDS <= len(words(text[start:end])) <= _MOST_WORDS:
            yield text[start:end]


def strange(source: str, count: int) -> list[str]:
    """Sentences of another collection."""
    found = [passage["text"][start:end] for passage in passages(source) for start, end in sentences(passage["text"])]
    found = [text for text in found if _FEWEST_WORDS <= len(words(text)) <= _MOST_WORDS]
    return random.Random(_SEED).sample(found, count)


def exchanged(text: str, chance: random.Random, others: Sequence[str]) -> str:
    """The sentence with its content words exchanged for others of the collection."""
    return re.sub(r"[^\W_]+", lambda m: m[0] if is_stop_word(m[0]) else chance.choice(others), text)


def half_exchanged(text: str, chance: random.Random, others: Sequence[str]) -> str:
    """The same, for every other content word."""
    content = iter(range(1_000_000))
    return re.sub(
        r"[^\W_]+", lambda m: m[0] if is_stop_word(m[0]) or next(content) % 2 else chance.choice(others), text
    )


def _on_page(checked: Checked, sentence: Sentence) -> bool:
    return any(
        finding.document.id == sentence.document
        and passage.first
        and passage.last
        and passage.first.number <= sentence.page <= passage.last.number
        for finding in checked.findings
        for passage in finding.passages
    )


class Measured:
    """Sentences checked one after the other: what came of them, row by row of a table."""

    def __init__(self, knowledge: KnowledgeBase, misses: int) -> None:
        self.lines = [
            "| sentences | found on their page | verbatim | with differences | median ms | 95 % ms | 95 % ms of processor |",
            "|---|---|---|---|---|---|---|",
        ]
        self._knowledge = knowledge
        self._misses = misses

    def row(self, name: str, texts: Sequence[str], wanted: Sequence[Sentence] | None, *, plain: bool = False) -> None:
        """Measure one kind: ``wanted`` are where they come from, None where they are nowhere; ``plain``: as they stand there."""
        took: list[float] = []
        work: list[float] = []
        right, verbatim, near, shown = 0, 0, 0, 0
        for number, text in enumerate(texts):
            started, worked = time.perf_counter(), time.thread_time()
            checked = self._knowledge.check_quotation(text)
            took.append(time.perf_counter() - started)
            work.append(time.thread_time() - worked)
            there = wanted is not None and _on_page(checked, wanted[number])
            right += there
            verbatim += checked.verbatim
            near += bool(checked.findings) and not checked.verbatim
            wrong = bool(checked.findings) if wanted is None else not there or (plain and not checked.verbatim)
            if wrong and shown < self._misses:
                shown += 1
                print(repr(text), wanted[number] if wanted else "")
                print("   ", [(f.document.id, f.page.number, round(f.likeness, 2)) for f in checked.findings[:3]])
        took.sort()
        work.sort()
        count = len(texts)
        cells = [
            name,
            f"{right / count:.1%}" if wanted else "–",
            f"{verbatim / count:.1%}",
            f"{near / count:.1%}",
            f"{took[count // 2] * 1000:.0f}",
            f"{took[int(count * 0.95)] * 1000:.0f}",
            f"{work[int(count * 0.95)] * 1000:.0f}",
        ]
        self.lines.append(f"| {' | '.join(cells)} |")
        print(self.lines[-1], flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--documents", required=True)
    parser.add_argument("--index", required=True)
    parser.add_argument("--strange", required=True)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--pdf", action="store_true", help="draw from the PDFs of the collection alone")
    parser.add_argument("--only", default="", help="the kinds whose name has this")
    parser.add_argument("--misses", type=int, default=0, help="show so many sentences of each kind that went wrong")
    parser.add_argument("--name", default="quotes")
    parser.add_argument("--write")
    given = parser.parse_args()
    knowledge = KnowledgeBase(load(documents=given.documents, index=given.index, meaning="off"))
    paths = frozenset(d.path for d in knowledge.documents() if d.path.endswith(".pdf")) if given.pdf else frozenset()
    chosen = drawn(knowledge, given.count, paths)
    others = [word for sentence in chosen for word in words(sentence.text) if not is_stop_word(word)]
    knowledge.check_quotation("Ala ma kota")  # opens the index
    half = max(1, given.count // 2)
    head = f"{knowledge.state.size.pages} pages, {len(chosen)} sentences, {half} of each kind that are not there."
    print(head)
    measured = Measured(knowledge, given.misses)
    for name, spoil in DISTURBANCES:
        if given.only in name:
            chance = random.Random(_SEED)
            texts = [spoil(sentence.text, chance, others) for sentence in chosen]
            measured.row(name, texts, chosen, plain=spoil is undisturbed)
    if given.only in "not there: of another collection":
        measured.row("not there: of another collection", strange(given.strange, half), None)
    for name, change in (
        ("not there: content words exchanged", exchanged),
        ("not there: every other content word exchanged", half_exchanged),
    ):
        if given.only in name:
            chance = random.Random(_SEED)
            measured.row(name, [change(sentence.text, chance, others) for sentence in chosen[:half]], None)
    if given.write:
        path = Path(given.write)
        table = "\n".join([head, "", *measured.lines, ""])
        marks = rf"(?<=<!-- {given.name} -->\n).*?(?=<!-- /{given.name} -->)"
        path.write_text(
            re.sub(marks, lambda _: table, path.read_text(encoding="utf-8"), flags=re.DOTALL), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
