"""Word families: what is made from a word in Polish, or what it is made from, in its base form.

Endings that take each other's place ("demonstracja", "demonstrować", "demonstrator"), pairs of aspects ("spłacić", "spłacać") and
prefixes of verbs ("zaszkodzić", "szkodzić"). What comes of it counts where the dictionary has it as a base form: the rules are
those of the language and not of any collection.
"""

from __future__ import annotations

from collections.abc import Iterator

from kb.polish import Analyzer

_ENDINGS = (
    ("acja", "ować", "acyjny", "ator"),
    ("cja", "cyjny"),
    ("sja", "syjny"),
    ("zja", "zyjny"),
    ("ość", "y"),
    ("ość", "i"),
    ("a", "alny"),
    ("ika", "iczny"),
    ("yka", "yczny"),
    ("ia", "iczny"),
    ("a", "ka"),
    ("", "ka"),
    ("a", "un", "unka", "uńczy", "ować"),
    ("ć", "ciel", "cielka"),
    ("yć", "ka"),
    ("ić", "ka"),
    ("ać", "ka"),
    ("ować", "y", "a", ""),
    ("nik", "niczka", "nictwo"),
    ("stwo", "ski"),
    ("", "ski"),
    ("a", "ski"),
    ("arz", "arski", "arstwo"),
)
_ASPECTS = (
    ("ić", "ać"),
    ("ić", "iać"),
    ("yć", "ać"),
    ("ić", "ować"),
    ("sić", "szać"),
    ("zić", "żać"),
    ("ścić", "szczać"),
    ("cić", "cać"),
    ("nąć", "ać"),
    ("ować", "owywać"),
    ("ać", "ywać"),
    ("ać", "iwać"),
    ("ić", "iwać"),
)
_PREFIXES = ("z", "s", "za", "po", "wy", "o", "na", "u", "prze", "do", "od", "ode", "roz", "przy", "pod", "w")
_SHORTEST_STEM = 4
_SHORTEST_VERB = 5


def family(lemma: str, analyzer: Analyzer) -> tuple[str, ...]:
    """The other words of a base form's family that the dictionary has as base forms."""
    made = dict.fromkeys(other for other in _made(lemma) if other != lemma)
    return tuple(other for other in made if other in analyzer.lemmas(other))


def _made(lemma: str) -> Iterator[str]:
    for group in (*_ENDINGS, *_ASPECTS):
        for ending in group:
            stem = lemma.removesuffix(ending)
            if lemma.endswith(ending) and len(stem) >= _SHORTEST_STEM:
                yield from (stem + other for other in group if other != ending)
    if lemma.endswith("ć"):
        for prefix in _PREFIXES:
            verb = lemma.removeprefix(prefix)
            if verb != lemma and len(verb) >= _SHORTEST_VERB:
                yield verb
