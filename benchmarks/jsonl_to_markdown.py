"""Turn passages in JSON Lines into Markdown documents, to index them as any others.

    python benchmarks/jsonl_to_markdown.py FOLDER FILE.jsonl[.gz] [FILE.jsonl[.gz]:COUNT …]

Each line is ``{"id", "title", "text"}``; ``:COUNT`` takes the first so many lines of a file.
"""

from __future__ import annotations

import gzip
import itertools
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#+.!|~-])")


def passages(source: str) -> Iterator[dict[str, str]]:
    """The passages of a file, the first COUNT where the source names it."""
    name, _, count = source.partition(":")
    opener = gzip.open if name.endswith(".gz") else open
    with opener(name, "rt", encoding="utf-8") as file:
        for line in itertools.islice(file, int(count) if count else None):
            yield json.loads(line)


def markdown(passage: dict[str, str]) -> str:
    """A Markdown document: front matter and the text, escaped so that nothing in it is taken for markup."""
    meta = yaml.safe_dump(
        {"id": passage["id"].lower().replace("_", "-"), "title": passage["title"]}, allow_unicode=True
    )
    escaped = _MARKUP.sub(r"\\\1", passage["text"])
    return f"---\n{meta}---\n\n{escaped}\n"


def main() -> None:
    """Write one file a passage."""
    folder, *sources = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    count = 0
    for source in sources:
        for passage in passages(source):
            (Path(folder) / f"{passage['id']}.md").write_text(markdown(passage), encoding="utf-8")
            count += 1
    print(f"{count} documents in {folder}")


if __name__ == "__main__":
    main()
