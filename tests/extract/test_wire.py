"""Extractions travel as JSON, and nothing else is taken for one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.extract.wire import decode, encode
from kb.model import Extraction, Heading, Page, Status

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
HEADINGS = st.builds(Heading, text=TEXT, level=st.integers(1, 9), start=st.integers(0, 9999))
PAGES = st.builds(
    Page,
    number=st.integers(1, 9999),
    text=TEXT,
    label=st.none() | TEXT,
    heading=TEXT,
    html=TEXT,
    headings=st.lists(HEADINGS, max_size=2).map(tuple),
    notes_at=st.none() | st.integers(0, 9999),
)
EXTRACTIONS = st.builds(
    Extraction,
    status=st.sampled_from(Status),
    pages=st.lists(PAGES, max_size=3).map(tuple),
    metadata=st.dictionaries(TEXT, TEXT | st.integers() | st.booleans() | st.none() | st.lists(TEXT), max_size=3),
    message=TEXT,
    warnings=st.lists(TEXT, max_size=2).map(tuple),
    notes=st.lists(TEXT, max_size=2).map(tuple),
)


@given(EXTRACTIONS)
def test_there_and_back(extraction: Extraction) -> None:
    """What is decoded equals what was encoded."""
    assert decode(encode(extraction)) == extraction


def test_halves_of_surrogate_pairs() -> None:
    """What no file can hold becomes a question mark wherever it stands, and nothing else changes."""
    page = Page(number=1, text="a\ud800b", label="ż")
    metadata = {"\udfff": ["\ud800", None, 5], "tytuł": {"x": "\udc00"}}
    sent = Extraction(status=Status.INDEXED, pages=(page,), metadata=metadata, message="\ud800", warnings=("ż",))
    assert decode(encode(sent)) == Extraction(
        status=Status.INDEXED,
        pages=(Page(number=1, text="a?b", label="ż"),),
        metadata={"?": ["?", None, 5], "tytuł": {"x": "?"}},
        message="?",
        warnings=("ż",),
    )


@pytest.mark.parametrize(
    "change",
    [
        {"status": "fine"},
        {"pages": [{"number": 1}]},
        {
            "pages": [
                {
                    "number": "1",
                    "text": "",
                    "label": None,
                    "heading": "",
                    "anchor": None,
                    "html": "",
                    "continuation": "",
                }
            ]
        },
        {"metadata": []},
        {"message": 5},
        {"warnings": [5]},
        {"notes": "tekst"},
        {"pages": [{"number": 1, "text": "", "headings": [{"text": "a", "level": "1"}]}]},
        {"pages": None},
    ],
)
def test_foreign_values_are_refused(change: dict[str, object]) -> None:
    """A field of another type or an unknown value is an error, not an extraction."""
    document = {**json.loads(encode(Extraction(status=Status.INDEXED))), **change}
    with pytest.raises(ValueError):
        decode(json.dumps(document).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_garbage_is_refused(data: bytes) -> None:
    """Bytes that are no JSON object are an error of the same kind."""
    with pytest.raises(ValueError):
        decode(data)
