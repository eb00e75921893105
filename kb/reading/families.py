"""Word families: what is made from a word in Polish, or what it is made from, in its base form.

Endings that take each other's place ("demonstracja", "demonstrować", "demonstrator"), pairs of aspects ("spłacić", "spłacać"),
verbs whose root changes ("wybrać", "wybierać", "wybór"), prefixes of verbs ("zaszkodzić", "szkodzić") and what is denied
("karalność", "niekaralność"). What comes of it counts where the dictionary has it as a base form of that part of speech: the
rules are those of the language and not of any collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from kb.limits import KEPT_FAMILIES
from kb.polish import Analyzer

_NOUN, _PERSON, _VERB, _ADJECTIVE, _ADVERB = "subst", "m1", "inf", "adj", "adv"
_Ending = tuple[str, str]
"""A part of speech and how its base form ends."""

_ENDINGS: tuple[tuple[_Ending, ...], ...] = (
    ((_NOUN, "acja"), (_VERB, "ować"), (_ADJECTIVE, "acyjny"), (_PERSON, "ator"), (_PERSON, "ant")),
    ((_NOUN, "cja"), (_ADJECTIVE, "cyjny"), (_PERSON, "tor")),
    ((_NOUN, "sja"), (_ADJECTIVE, "syjny")),
    ((_NOUN, "zja"), (_ADJECTIVE, "zyjny")),
    ((_NOUN, "encja"), (_PERSON, "ent")),
    ((_ADJECTIVE, "y"), (_NOUN, "ość"), (_ADVERB, "ie"), (_ADVERB, "o")),
    ((_ADJECTIVE, "i"), (_NOUN, "ość"), (_ADVERB, "o")),
    ((_NOUN, "a"), (_ADJECTIVE, "alny")),
    ((_NOUN, "ika"), (_ADJECTIVE, "iczny")),
    ((_NOUN, "yka"), (_ADJECTIVE, "yczny")),
    ((_NOUN, "ia"), (_ADJECTIVE, "iczny")),
    ((_NOUN, "izm"), (_ADJECTIVE, "istyczny")),
    ((_PERSON, "ista"), (_ADJECTIVE, "istyczny")),
    ((_NOUN, "yzm"), (_PERSON, "a"), (_ADJECTIVE, "yczny")),
    ((_NOUN, "yzm"), (_PERSON, "ysta"), (_ADJECTIVE, "ystyczny")),
    ((_NOUN, "a"), (_NOUN, "ka")),
    ((_PERSON, ""), (_NOUN, "ka")),
    ((_NOUN, "a"), (_PERSON, "un"), (_NOUN, "unka"), (_ADJECTIVE, "uńczy")),
    ((_NOUN, "a"), (_VERB, "ować")),
    ((_NOUN, "owa"), (_VERB, "ować")),
    ((_NOUN, "a"), (_VERB, "ić"), (_VERB, "iać")),
    ((_NOUN, "ła"), (_VERB, "lić"), (_VERB, "lać")),
    ((_NOUN, "da"), (_VERB, "dzić"), (_VERB, "dzać")),
    ((_NOUN, "ta"), (_VERB, "cić"), (_VERB, "cać")),
    ((_NOUN, ""), (_VERB, "ać"), (_VERB, "ywać")),
    ((_NOUN, ""), (_VERB, "ić"), (_VERB, "ować")),
    ((_VERB, "ć"), (_PERSON, "ciel"), (_NOUN, "cielka")),
    ((_VERB, "ć"), (_PERSON, "niec"), (_NOUN, "nka")),
    ((_VERB, "dzać"), (_VERB, "dzić"), (_PERSON, "dca")),
    ((_VERB, "ć"), (_PERSON, "wca")),
    ((_VERB, "wać"), (_PERSON, "wca")),
    ((_PERSON, "nik"), (_NOUN, "niczka"), (_NOUN, "nictwo"), (_VERB, "niczyć")),
    ((_NOUN, "stwo"), (_ADJECTIVE, "ski")),
    ((_NOUN, ""), (_ADJECTIVE, "ski")),
    ((_NOUN, "a"), (_ADJECTIVE, "ski")),
    ((_PERSON, "arz"), (_ADJECTIVE, "arski"), (_NOUN, "arstwo")),
)
_THINGS_DONE = tuple(((_VERB, ending), (_NOUN, "ka")) for ending in ("yć", "ić", "ać"))
"""Of verbs with a prefix alone: "wyciąć" has "wycinka", while "działka" has nothing to do with "działać"."""
# Pairs that a group above already has, such as "ać" and "ywać", are not said again.
_ASPECTS = tuple(
    tuple((_VERB, ending) for ending in pair)
    for pair in (
        ("ić", "ać"),
        ("yć", "ać"),
        ("sić", "szać"),
        ("zić", "żać"),
        ("ścić", "szczać"),
        ("nąć", "ać"),
        ("inąć", "ijać"),
        ("ać", "iwać"),
        ("ać", "awać"),
        ("yć", "ywać"),
        ("ić", "iwać"),
        ("osić", "aszać"),
        ("ozić", "ażać"),
        ("owić", "awiać"),
        ("oczyć", "aczać"),
        ("ócić", "acać"),
    )
)
_ROOTS: tuple[tuple[_Ending, ...], ...] = (
    ((_VERB, "brać"), (_VERB, "bierać"), (_NOUN, "bór"), (_NOUN, "biór")),
    ((_VERB, "jąć"), (_VERB, "jmować")),
    ((_VERB, "jść"), (_VERB, "chodzić"), (_NOUN, "jście")),
    ((_VERB, "jechać"), (_VERB, "jeżdżać"), (_NOUN, "jazd")),
    ((_VERB, "łożyć"), (_VERB, "kładać")),
    ((_VERB, "nieść"), (_VERB, "nosić")),
    ((_VERB, "wieźć"), (_VERB, "wozić"), (_NOUN, "wóz")),
    ((_VERB, "cząć"), (_VERB, "czynać")),
    ((_VERB, "ciąć"), (_VERB, "cinać"), (_NOUN, "cinka")),
    ((_VERB, "mówić"), (_VERB, "mawiać"), (_NOUN, "mowa")),
    ((_VERB, "mienić"), (_VERB, "mieniać"), (_NOUN, "miana")),
    ((_VERB, "móc"), (_VERB, "magać"), (_NOUN, "moc")),
    ((_VERB, "dać"), (_VERB, "dawać")),
    ((_VERB, "stać"), (_VERB, "stawać")),
    ((_VERB, "robić"), (_VERB, "rabiać")),
)
"""What follows a prefix, where the root itself changes."""
_PREFIXES = ("z", "s", "za", "po", "wy", "o", "na", "u", "prze", "do", "od", "ode", "roz", "przy", "pod", "w")
_Exchange = tuple[tuple[str, ...], tuple[_Ending, ...]]


def _with_endings(groups: Sequence[tuple[_Ending, ...]]) -> tuple[_Exchange, ...]:
    """Each group behind its endings alone: nearly all words have none of them."""
    return tuple((tuple(ending for _, ending in group), group) for group in groups)


_EXCHANGES = _with_endings((*_ENDINGS, *_ASPECTS))
_EXCHANGES_OF_PREFIXED = _with_endings(_THINGS_DONE)
_SHORTEST_STEM = 4
_TELLING = frozenset(("cja", "cyjny", "sja", "syjny", "zja", "zyjny"))
"""Endings of a noun and its adjective that are long enough to tell by themselves: "lekcja", "lekcyjny"."""
_SHORTEST_TELLING_STEM = 3
_NOT = "nie"
_SHORTEST_VERB = 5
_SHORTEST_PREFIXED = 3


@lru_cache(KEPT_FAMILIES)
def family(lemma: str, analyzer: Analyzer) -> tuple[str, ...]:
    """The other words of a base form's family that the dictionary has as base forms; cached."""
    own = analyzer.parts(lemma)
    made = dict.fromkeys(other for other in _made(lemma, own) if other[1] != lemma)
    return tuple(dict.fromkeys(other for part, other in made if part in analyzer.parts(other)))


def _made(lemma: str, own: frozenset[str]) -> Iterator[_Ending]:
    """What may be made, each with the part of speech that it must be."""
    if _NOUN in own and lemma.endswith("ość"):  # who asks for one asks for the other: "karalność", "obecność"
        yield _NOUN, lemma.removeprefix(_NOT) if lemma.startswith(_NOT) else _NOT + lemma
    prefixed = [(prefix, lemma.removeprefix(prefix)) for prefix in _PREFIXES if lemma.startswith(prefix)]
    may_be_done = any(len(rest) > _SHORTEST_PREFIXED for _, rest in prefixed)
    for endings, group in (*_EXCHANGES, *(_EXCHANGES_OF_PREFIXED if may_be_done else ())):
        if lemma.endswith(endings):
            yield from _exchanged(lemma, own, group)
    for prefix, rest in prefixed:
        for group in _ROOTS:
            if any(rest == root for _, root in group):
                yield from ((part, prefix + root) for part, root in group)
        if _VERB in own and len(rest) >= _SHORTEST_VERB:
            yield _VERB, rest


def _exchanged(lemma: str, own: frozenset[str], group: tuple[_Ending, ...]) -> Iterator[_Ending]:
    for part, ending in group:
        stem = lemma.removesuffix(ending)
        if part in own and lemma.endswith(ending) and len(stem) >= _SHORTEST_TELLING_STEM:
            for other, made in group:
                least = _SHORTEST_TELLING_STEM if {ending, made} <= _TELLING else _SHORTEST_STEM
                if made != ending and len(stem) >= least:
                    yield other, stem + made
