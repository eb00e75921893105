"""Deadlines: dear work asks at each step whether it may go on, and ends at the first step after its time or its reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from library import TAXONOMY, Library

from kb import deadline
from kb.deadline import Deadline
from kb.errors import Abandoned, TooSlow
from kb.live import KeyedValue
from kb.reading.query import make_query
from kb.search import KnowledgeBase


class Steps:
    """A clock that goes on by one second each time somebody looks at it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The time."""
        self.now += 1
        return self.now


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """An index of a few short documents."""
    library = Library(tmp_path_factory.mktemp("deadline"))
    library.write("taxonomy.yaml", TAXONOMY)
    library.pdf("raport.pdf", *([f"Gmina planuje transport numer {number}."] for number in range(20)), id="raport")
    library.markdown("poradnik.md", "Poradnik o transporcie w gminie.", id="poradnik", kind="poradnik")
    # So many that no looser searches are tried, which an answer can do without.
    for number in range(2):
        library.markdown(f"powiat-{number}.md", f"Powiat planuje transport numer {number}.", id=f"powiat-{number}")
    library.run()
    made = library.open()
    made.search(make_query("gmina"))
    made.suggest("gm")
    return made


WORK: dict[str, Callable[[KnowledgeBase], object]] = {
    "search": lambda knowledge: knowledge.search(make_query("transport w gminie")),
    "search of unknown words": lambda knowledge: knowledge.search(make_query("trnsprtem gmniami")),
    "suggestions": lambda knowledge: knowledge.suggest("gmi tran"),
    "related documents": lambda knowledge: knowledge.related("raport"),
    "all pages": lambda knowledge: list(knowledge.pages("raport")),
}


@pytest.mark.parametrize("work", WORK)
def test_work_ends_at_the_first_step_after_its_time(knowledge: KnowledgeBase, work: str) -> None:
    """Whatever is asked, TooSlow comes with the first look at the clock after the end."""
    clock = Steps()
    with deadline.within(Deadline(0.5, clock)), pytest.raises(TooSlow):
        WORK[work](knowledge)
    assert clock.now == 2


@pytest.mark.parametrize("work", WORK)
def test_work_ends_when_its_reader_is_gone(knowledge: KnowledgeBase, work: str) -> None:
    """A cancelled deadline ends the work at its next step, however much time is left."""
    cancelled = Deadline(1000)
    cancelled.cancel()
    with deadline.within(cancelled), pytest.raises(Abandoned):
        WORK[work](knowledge)


def test_a_search_of_many_steps_can_end_at_each(knowledge: KnowledgeBase) -> None:
    """Reading, matching and each snippet are steps of their own: a search may end within any of them."""
    clock = Steps()
    query = make_query("transport w gminie numer")
    knowledge.search(query)  # from now on posting lists are kept
    # With another length the list of results is not one that is kept.
    with deadline.within(Deadline(10_000, clock)):
        knowledge.search(replace(query, per_page=100))
    whole = clock.now
    assert whole > 10
    for seconds in range(1, int(whole) - 1):
        clock = Steps()
        with deadline.within(Deadline(seconds, clock)), pytest.raises(TooSlow):
            knowledge.search(replace(query, per_page=99))
        assert clock.now == seconds + 1


def test_without_a_deadline_nothing_ends(knowledge: KnowledgeBase) -> None:
    """The command line has no deadline; one that was is forgotten."""
    with pytest.raises(TooSlow), deadline.within(Deadline(0)):
        deadline.check()
    deadline.check()
    assert knowledge.search(make_query("gmina")).total == 2


def test_relaxations_are_left_out_when_time_is_short(knowledge: KnowledgeBase) -> None:
    """Looser searches come last and may take half of the time: without it the answer is given with fewer of them."""
    query = make_query("gmina planuje transport numer", {"kind": ["poradnik"], "topic": ["energia"]})
    clock = Steps()
    with deadline.within(Deadline(100_000, clock)):
        everything = knowledge.search(query)
    assert not everything.total
    assert len(everything.relaxations) > 1
    outcomes = []
    for most in range(1, int(clock.now) + 1):
        with deadline.within(Deadline(most, Steps())):
            try:
                outcomes.append(len(knowledge.search(query).relaxations))
            except TooSlow:
                outcomes.append(-1)
    assert {-1, 0} <= set(outcomes)
    assert outcomes == sorted(outcomes)


def test_optional_work_is_left_out() -> None:
    """Work that an answer can do without has half of the time; the rest of the time is for what follows."""
    clock = Steps()
    done = []
    with deadline.within(Deadline(20, clock)):
        with deadline.optional():
            for step in range(100):
                deadline.check()
                done.append(step)
        assert 5 < len(done) < 15
        deadline.check()
        clock.now += 20
        with pytest.raises(TooSlow):
            deadline.check()
    gone = Deadline(20)
    gone.cancel()
    with deadline.within(gone), pytest.raises(Abandoned), deadline.optional():
        deadline.check()


def test_what_is_made_for_all_is_finished() -> None:
    """A value that every later request needs is made to the end, and its time is not the reader's."""

    def make() -> str:
        for _ in range(50):
            clock()
            deadline.check()
        return "słownik"

    clock = Steps()
    with deadline.within(Deadline(10, clock)):
        assert KeyedValue[str]().of("klucz", make) == "słownik"
        deadline.check()
