"""Indexing: a folder of PDFs for the first time, against pypdf and Whoosh's plain writer; one changed file among many.

python benchmarks/indexing.py plain FOLDER INDEX    what the comparison runs: pypdf's text into Whoosh's writer
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_WORD = "zmienionosprawdzian"
"""A word that no collection has."""


def pdfs(folder: Path, work: Path) -> dict[str, Any]:
    """Pages a second of ``kb index`` on an empty index, child processes included, and of the plain way."""
    # Each index in a folder of its own: what is kept of its documents stands beside it.
    index, plain = work / "pdf" / "index", work / "pdf-plain"
    for path in (index.parent, plain):
        shutil.rmtree(path, ignore_errors=True)
    # Exit code 1: some documents failed (scans, encrypted ones), the rest are indexed.
    ours = _run([sys.executable, "-m", "kb", "index", *_at(folder, index), "--json"], allowed=(0, 1))
    said = json.loads(ours["output"])
    pages = sum(file["pages"] for file in said["files"] if file["status"] == "indexed")
    theirs = _run([sys.executable, str(Path(__file__)), "plain", str(folder), str(plain)])
    return {
        "files": len(said["files"]),
        "ours": {"pages": pages, "seconds": ours["seconds"], "memory_mb": ours["memory_mb"]},
        "plain": {"pages": int(theirs["output"]), "seconds": theirs["seconds"], "memory_mb": theirs["memory_mb"]},
    }


def one_changed(pages: Path, count: int, work: Path) -> dict[str, Any]:
    """Seconds of ``kb index`` on Markdown files of ``count`` pages: first, with nothing changed, with one file changed."""
    documents, index = work / f"markdown-{count}", work / f"markdown-run-{count}" / "index"
    if not documents.exists():
        _write_markdown(pages, count, documents)
    shutil.rmtree(index.parent, ignore_errors=True)
    command = [sys.executable, "-m", "kb", "index", *_at(documents, index), "--json"]
    found: dict[str, Any] = {"pages": count}
    for name in ("first", "nothing", "changed"):
        if name == "changed":
            changed = next(documents.rglob("*.md"))
            text = changed.read_text(encoding="utf-8")
            changed.write_text(f"{text}\n\n{_WORD} {time.time_ns()}\n", encoding="utf-8")
        ran = _run(command)
        said = json.loads(ran["output"])
        found |= {"documents": said["documents"], "indexed_pages": said["pages"]}
        found[name] = {"seconds": ran["seconds"], "memory_mb": ran["memory_mb"]}
    changed.write_text(text, encoding="utf-8")
    search = [sys.executable, "-m", "kb", "search", _WORD, *_at(documents, index), "--json"]
    found["found"] = json.loads(_run(search)["output"])["total"] == 1
    return found


def _at(documents: Path, index: Path) -> list[str]:
    return ["--documents", str(documents), "--index", str(index)]


def _write_markdown(pages: Path, count: int, folder: Path) -> None:
    # Imported here, so that the plain way, which runs this file too, does not load what it does not use.
    import collection
    from jsonl_to_markdown import markdown

    temporary = folder.with_suffix(".unfinished")
    shutil.rmtree(temporary, ignore_errors=True)
    for sheets in collection.documents(pages, count):
        name = f"d{sheets[0].document:06}"
        own = temporary / name[:4]
        own.mkdir(parents=True, exist_ok=True)
        head, *_ = markdown({"id": name, "title": collection.title(sheets[0]), "text": ""}).rpartition("---\n")
        body = "\n".join(f"## Część {sheet.number}\n\n{sheet.text}\n" for sheet in sheets)
        (own / f"{name}.md").write_text(f"{head}---\n\n{body}", encoding="utf-8")
    temporary.rename(folder)


def _run(command: Sequence[str], allowed: Sequence[int] = (0,)) -> dict[str, Any]:
    """Run to its end: output, seconds, and the most memory of its largest process. Raises at any other exit code."""
    began = time.monotonic()
    # What it is compared with recognises no scans, and vectors are made after the run.
    alike = {**os.environ, "KB_OCR": "off", "KB_MEANING": "off"}
    process = subprocess.Popen(command, cwd=ROOT, env=alike, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in allowed:
        raise subprocess.CalledProcessError(process.returncode, command)
    return {"output": output, "seconds": time.monotonic() - began, "memory_mb": usage.ru_maxrss / 1024}


def _plain(folder: Path, index: Path) -> int:
    """What one would write first: each page's text by pypdf, into Whoosh's writer as it comes."""
    import pypdf
    import whoosh.fields
    import whoosh.index

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    index.mkdir(parents=True)
    schema = whoosh.fields.Schema(
        path=whoosh.fields.ID(stored=True), number=whoosh.fields.STORED(), text=whoosh.fields.TEXT(stored=True)
    )
    writer = whoosh.index.create_in(str(index), schema).writer()
    count = 0
    for path in sorted(folder.rglob("*.pdf")):
        with suppress(Exception):  # encrypted and damaged files
            for number, page in enumerate(pypdf.PdfReader(path).pages, 1):
                writer.add_document(path=path.name, number=number, text=page.extract_text())
                count += 1
    writer.commit()
    return count


if __name__ == "__main__":
    print(_plain(Path(sys.argv[2]), Path(sys.argv[3])))
