"""HTML that somebody wrote into Markdown, as an editor of a web page leaves it behind.

Tags of a few elements are made anew, with the attributes that a page may have; those of other elements go, their text stays.
Comments, scripts and styles are nobody's text. Whatever is no HTML („<nazwa gminy>”, „x < 5”) is text, as it was written.
Nothing here is safe by itself: what is rendered is sanitised afterwards.
"""

from __future__ import annotations

import re
from html import escape, unescape

_ATTRIBUTES = {"a": ("href", "title"), "img": ("src", "alt"), "ol": ("start",)}
_BLOCKS = frozenset(
    "blockquote br dd dl dt h3 h4 h5 h6 hr li ol p pre table tbody thead tr ul".split()  # noqa: SIM905
)
"""Elements of a page at whose tags a line ends."""
_KEPT = {
    **{name: name for name in _BLOCKS - {"h3", "h4", "h5", "h6"}},
    **dict.fromkeys(
        """
        address article aside body caption center details div fieldset figcaption figure footer form header html main nav
        option section select summary
        """.split(),  # noqa: SIM905
        "p",
    ),
    **{
        name: name for name in ("a", "abbr", "code", "del", "em", "img", "kbd", "s", "strong", "sub", "sup", "td", "th")
    },
    "b": "strong",
    "i": "em",
    "strike": "s",
    # They stand inside a section, whose own heading is an h2.
    **{f"h{level}": f"h{min(max(level + 1, 3), 6)}" for level in range(1, 7)},
}
"""What elements become."""
_CELLS = frozenset({"td", "th"})
_GONE = frozenset(
    """
    acronym audio big button cite col colgroup dfn embed font head iframe input ins label map mark noscript o:p object param
    picture q samp small source span svg tfoot tt u var video wbr
    """.split()  # noqa: SIM905
)
"""Elements without whose tags the text reads as well."""
_UNSEEN = re.compile(r"<(?:(!--)|(!doctype) |(script)(?=[\s>])|(style)(?=[\s>]))", re.IGNORECASE)
_END_OF_UNSEEN = (
    re.compile("-->"),
    re.compile(">"),
    re.compile(r"</script\s*+>", re.IGNORECASE),
    re.compile(r"</style\s*+>", re.IGNORECASE),
)
"""How what nobody reads ends, in the order of the groups by which it begins."""
_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9:]*+)"
    r"""(?P<rest>(?:\s(?:"[^"<]*+"|'[^'<]*+'|[^<>])*+)?/?)>|<"""
)
_ATTRIBUTE = re.compile(r"""(?<![\w-])([a-zA-Z]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"']++))""")
_ANY_TAG = re.compile(r"<(/?)([a-z0-9]++)[^<>]*+>")
_NO_CHARACTER = re.compile(r"&#[0-9]{8,}+;?")
"""A reference to a number that no character has: of thousands of digits Python makes no number at all."""


def made_anew(html: str) -> str:
    """The same HTML with the tags that a page may have, and none besides; a stray ``<`` is text."""
    return _TAG.sub(_tag, _without_unseen(html))


def is_block(html: str) -> bool:
    """Whether HTML that was made anew has an element that stands by itself, unlike one within a paragraph."""
    return any(tag[2] in _BLOCKS for tag in _ANY_TAG.finditer(html))


def text_of(html: str) -> str:
    """The words of HTML that was made anew, descriptions of pictures too: a block has its own lines, a cell its own space."""
    return _unescaped(_ANY_TAG.sub(_gap, html))


def _unescaped(text: str) -> str:
    return unescape(_NO_CHARACTER.sub("\ufffd", text))


def _gap(tag: re.Match[str]) -> str:
    if tag[2] == "img":
        return "".join(value for key, value, *_ in _ATTRIBUTE.findall(tag[0]) if key == "alt")
    return "\n" if tag[2] in _BLOCKS else " " if tag[2] in _CELLS else ""


def _tag(found: re.Match[str]) -> str:
    name = (found["name"] or "").lower()
    # „<form>” is a tag, „<form wniosku>” a note of what is to be written there.
    written = found[0] if name and (not found["rest"].strip(" \t\n/") or "=" in found["rest"]) else ""
    if written and name in _KEPT:
        kept = _KEPT[name]
        attributes = _attributes(kept, found["rest"])
        if kept == "a" and not (found["end"] or attributes):
            return ""  # a place to link to, no link
        return f"</{kept}>" if found["end"] else f"<{kept}{attributes}>"
    if written and name in _GONE:
        return ""
    return "&lt;" + found[0][1:].replace(">", "&gt;")


def _attributes(name: str, written: str) -> str:
    allowed = _ATTRIBUTES.get(name, ())
    given = {
        key.lower(): _unescaped(double or single or bare)
        for key, double, single, bare in (_ATTRIBUTE.findall(written) if allowed else ())
    }
    return "".join(f' {key}="{escape(given[key])}"' for key in allowed if key in given)


def _without_unseen(html: str) -> str:
    """Without comments, scripts and styles; of one that does not end nothing goes."""
    parts: list[str] = []
    at = searched = 0
    endless: set[int] = set()
    while opened := _UNSEEN.search(html, searched):
        kind = opened.lastindex or 0
        closed = None if kind in endless else _END_OF_UNSEEN[kind - 1].search(html, opened.end())
        if closed:
            parts.append(html[at : opened.start()])
            at = searched = closed.end()
        else:
            endless.add(kind)  # nor does any that begins later
            searched = opened.end()
    return "".join([*parts, html[at:]])
