"""The directory of documents: kept while the index stays as it is, new when it changes."""

from library import Library

from kb.archive import Archive
from kb.site import Directory


def test_directory_follows_the_index(library: Library) -> None:
    """It is read once for each state of the index, and knows a new document as soon as it is there."""
    library.markdown("stare/a.md", "Tekst.", id="a", published="2023-01-02")
    library.run()
    directory = Directory(library.open(), Archive(library.settings().store).ledger)
    before = directory.ids()
    assert directory.ids() is before
    assert directory.url_of_file("stare/a.md") == "/dokumenty/a"
    assert directory.url_of_file("nowe/b.md") is None
    library.markdown("nowe/b.md", "Tekst.", id="b", published="2024-01-02")
    library.run()
    assert directory.url_of_file("nowe/b.md") == "/dokumenty/b"
    assert list(directory.ids().values()) == ["b", "a"]
