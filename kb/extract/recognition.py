"""Scans → text: whether recognition is there, and the run of it, page by page, in a sandbox of its own.

The parent's side of ``kb.extract.ocr``. What was recognised is kept as PDFs of one page, so that a run that is stopped goes on
where it was, and reading them anew costs no recognition.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from kb.disk import digest, open_file, write_bytes_atomic
from kb.extract import outcome
from kb.extract.sandbox import Sandbox, temporary_folder
from kb.limits import OcrLimits
from kb.model import Extraction, Page, Status

RECOGNISER_VERSION = "1"
"""Part of the key under which recognised pages are kept. Raise it whenever the same picture would give other text."""
_DIGEST = b"\n%kb "

Told = Callable[[int, int], None]
"""Told (page n, of m) as the pages of a file are recognised."""

_LANGUAGE = "pol"
_ORIENTATION = "osd"
_ASK_SECONDS = 10.0
_VERSION = re.compile(r"tesseract v?(\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recogniser:
    """What recognises text on this machine. ``missing`` says in Polish what to install, "" when all is there.

    ``key`` changes when the same scans would be recognised differently. ``off``: somebody does not want recognition.
    """

    name: str = ""
    key: str = ""
    missing: str = ""
    off: bool = False
    rotates: bool = False

    @property
    def ready(self) -> bool:
        """Whether scans can be read."""
        return bool(self.key)

    @property
    def state(self) -> str:
        """Whether recognition is there, for people."""
        if self.ready:
            return f"działa ({self.name})"
        return "wyłączone (KB_OCR=off)" if self.off else f"niedostępne: {self.missing}"

    @property
    def advice(self) -> str:
        """What to do so that scans are read, where they are not."""
        if self.off:
            return "Rozpoznawanie tekstu (OCR) jest wyłączone (KB_OCR=off): włącz je albo umieść plik z rozpoznanym tekstem."
        return f"Żeby program rozpoznawał tekst skanów (OCR), {self.missing}."


def find_recogniser(limits: OcrLimits, *, wanted: bool = True) -> Recogniser:
    """What recognises text here, when ``wanted``."""
    return _find(limits) if wanted else Recogniser(off=True)


@cache
def _find(limits: OcrLimits) -> Recogniser:
    try:
        library = version("ocrmypdf")
    except PackageNotFoundError:
        library = ""
    languages = _ask("--list-langs").split()
    found = _VERSION.search(_ask("--version"))
    packages = [] if found else ["tesseract-ocr"]
    packages += [] if _LANGUAGE in languages else ["tesseract-ocr-pol"]
    steps = (
        [f"zainstaluj pakiety systemowe {' i '.join(packages)} (apt install {' '.join(packages)})"] if packages else []
    )
    steps += [] if library else ["doinstaluj dodatek [ocr] (pip install '.[ocr]' w folderze programu)"]
    if steps or found is None:
        return Recogniser(missing=" oraz ".join(steps))
    name = f"Tesseract {found[1]}, OCRmyPDF {library}"
    rotates = _ORIENTATION in languages
    # Of the library the main version: what it recognises is up to Tesseract.
    parts = RECOGNISER_VERSION, found[1], library.partition(".")[0], str(rotates), str(limits.megapixels)
    key = hashlib.sha256(" ".join(parts).encode()).hexdigest()[:12]
    return Recogniser(name=name, key=key, rotates=rotates)


def _ask(option: str) -> str:
    """What Tesseract says; "" where there is none."""
    program = shutil.which("tesseract")
    if program is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 - the system's own program, no shell, no input
            [program, option], stdin=subprocess.DEVNULL, capture_output=True, timeout=_ASK_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout + done.stderr).decode(errors="replace")


@dataclass(frozen=True, slots=True)
class Recognition:
    """A recogniser at work. ``recognition`` makes one. Reading processes may write to ``folder``, not to ``jobs``."""

    recogniser: Recogniser
    limits: OcrLimits
    sandbox: Sandbox
    folder: Path
    jobs: Path

    def read(self, path: Path, first: Extraction, kept: Path, tell: Told) -> Extraction:
        """A file with its scans recognised. ``first`` is what was read without, ``kept`` the folder of its recognised pages.

        A page that cannot be recognised is a warning, or the message when nothing else is there.
        """
        from kb.extract.jobs import FileJob, save_job  # most runs recognise nothing

        wanted = first.scans[: self.limits.pages]
        kept.mkdir(parents=True, exist_ok=True)
        done = {number: kept / f"{number}.pdf" for number in wanted}
        todo = [number for number, single in done.items() if not _is_whole(single)]
        failed = dict.fromkeys(first.scans[self.limits.pages :], "przekroczony limit stron")
        count = len(wanted) - len(todo)
        tell(count, len(wanted))
        for number, extraction in self._recognise(path, todo):
            count += 1
            if extraction.status is Status.INDEXED and _take(self.folder / f"{number}.pdf", done[number]):
                tell(count, len(wanted))
            else:
                failed[number] = _reason(extraction.status)
        recognised = {number: single.absolute() for number, single in done.items() if number not in failed}
        if not recognised:
            return _outcome(first, failed)
        job = save_job(FileJob(file=path.absolute(), pages=recognised), self.jobs / "file.json")
        [(_, extraction)] = self.sandbox.extract_all([job])
        if extraction.status not in (Status.INDEXED, Status.NO_TEXT):
            shutil.rmtree(kept, ignore_errors=True)  # they may be to blame
            return extraction
        return _outcome(extraction, failed)

    def _recognise(self, path: Path, numbers: Sequence[int]) -> Iterator[tuple[int, Extraction]]:
        from kb.extract.jobs import PageJob, save_job

        jobs = (
            save_job(
                PageJob(
                    file=path.absolute(),
                    page=number,
                    result=self.folder / f"{number}.pdf",
                    seconds=self.limits.seconds,
                    megapixels=self.limits.megapixels,
                    rotate=self.recogniser.rotates,
                ),
                self.jobs / f"{number}.json",
            )
            for number in numbers
        )
        for job, extraction in self.sandbox.extract_all(jobs):
            yield int(job.stem), extraction


@contextmanager
def recognition(recogniser: Recogniser, limits: OcrLimits, jobs: int) -> Generator[Recognition, None, None]:
    """A recogniser made ready: ``jobs`` pages at once. Starting it takes a second or two."""
    with (
        temporary_folder("kb-ocr-") as folder,
        temporary_folder("kb-ocr-") as orders,
        Sandbox(limits.of_process, jobs, reader="kb.extract.ocr:work") as sandbox,
    ):
        yield Recognition(recogniser, limits, sandbox, Path(folder), Path(orders))


def unread(extraction: Extraction, recogniser: Recogniser) -> Extraction:
    """An extraction whose scans stay unread, and what to do about it."""
    if extraction.status is Status.NO_TEXT:
        return replace(extraction, message=f"{extraction.message} {recogniser.advice}")
    warning = f"Bez tekstu (zapewne skan): s. {outcome.ranges(extraction.scans)}. {recogniser.advice}"
    return replace(extraction, warnings=(*extraction.warnings, warning))


def _take(made: Path, target: Path) -> bool:
    """Put a page that was made into its place, whole or not at all, with a digest as the comment at its end."""
    try:
        with open_file(made, follow=False) as page:
            content = page.read()
    except OSError:  # nothing, or no file: whoever made it has read a stranger's, and may have left a link
        return False
    write_bytes_atomic(target, content + _DIGEST + digest(content))
    return True


def _is_whole(kept: Path) -> bool:
    """Whether a kept page is what was put there."""
    try:
        content, found, written = kept.read_bytes().rpartition(_DIGEST)
    except OSError:
        return False
    return bool(found) and written == digest(content)


def _reason(status: Status) -> str:
    match status:
        case Status.TIMEOUT:
            return "trwało zbyt długo"
        case Status.TOO_LARGE:
            return "obraz jest za duży"
    return "program nie poradził sobie z obrazem"


def _outcome(extraction: Extraction, failed: Mapping[int, str]) -> Extraction:
    """What is said of a file after recognition; ``failed`` are the pages left out, still among its scans, with the reason."""
    problems = []
    for reason in dict.fromkeys(failed.values()):
        numbers = outcome.ranges(sorted(number for number, why in failed.items() if why == reason))
        problems.append(f"s. {numbers} ({reason})")
    pages = [page for page in extraction.pages if page.ocr]
    note = _note(pages) if pages else ""
    if extraction.status is Status.NO_TEXT:
        said = f"Nie udało się rozpoznać tekstu (OCR): {'; '.join(problems)}." if problems else ""
        found = "Plik nie zawiera tekstu: rozpoznawanie (OCR) nie znalazło w nim słów." if pages else extraction.message
        return replace(extraction, message=f"{found} {said}".strip())
    warnings = [f"Nie udało się rozpoznać tekstu (OCR): {'; '.join(problems)}."] if problems else []
    notes = [note] if note else []
    return replace(extraction, warnings=(*extraction.warnings, *warnings), notes=(*extraction.notes, *notes))


def _note(pages: Sequence[Page]) -> str:
    note = f"tekst rozpoznany (OCR): s. {outcome.ranges([page.number for page in pages])}"
    sure = [(page.confidence, len(page.text.split())) for page in pages if page.confidence is not None]
    words = sum(count for _, count in sure)
    if words:
        note += f", średnia pewność {sum(confidence * count for confidence, count in sure) / words:.0f}%"
    empty = [page.number for page in pages if page.confidence is None]
    if empty:
        note += f"; nie znaleziono słów: s. {outcome.ranges(empty)}"
    return note
