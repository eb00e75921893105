"""Which file has which id: by what its metadata ask for, its name, and what the ledger remembers; nothing is read for it.

The answer depends on these alone, so a folder gets the same ids in whatever order its files are read. Who has an id keeps it.
An id made of a file's name is told apart by a number where it is taken, also by a document that has left: its address is
that document's for good.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import count
from operator import itemgetter
from typing import NamedTuple

from kb.archive.ledger import Held

_NUMBER = re.compile(r"-\d+")


class Claim(NamedTuple):
    """What a file asks for: the id that its metadata have, "" for none, and aliases. ``made`` is the id made of its name.

    ``settled``: it is not looked at in this run, so that it keeps what it has, and ``made`` is not asked for.
    """

    path: str
    version: str
    made: str
    asked: str = ""
    aliases: tuple[str, ...] = ()
    settled: bool = False


class Name(NamedTuple):
    """What a file gets. ``holder`` is the file that has the id it asked for, "" where it got that or asked for none.

    ``refused`` are the aliases that it did not get, each with the id or the file that has it.
    """

    id: str
    asked: str = ""
    holder: str = ""
    aliases: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


def share_out(
    claims: Iterable[Claim], ledger: Mapping[str, Held], settled: Mapping[str, str] | None = None
) -> dict[str, Name]:
    """A name for each file that claims one, by path; each path claims once.

    ``settled``: the paths of all other files in the collection, by id: they keep these, ask for no others and have no aliases.
    """
    sharing = _Sharing(claims, ledger, settled or {})
    sharing.keep()
    sharing.give_asked()
    sharing.give_made()
    return sharing.names()


class _Sharing:
    """Ids on their way to files, by path. Every step goes by the order of the paths."""

    def __init__(self, claims: Iterable[Claim], ledger: Mapping[str, Held], settled: Mapping[str, str]) -> None:
        self._claims = {claim.path: claim for claim in sorted(claims, key=itemgetter(0))}
        self._ledger = ledger
        self._settled = settled
        self._has = {held.path: id for id, held in ledger.items() if id not in settled and not held.removed}
        self._aliases = {alias: claim.path for claim in self._claims.values() for alias in claim.aliases}
        self._ids: dict[str, str] = {}
        self._holders: dict[str, str] = {}
        self._numbers: dict[str, int] = {}

    def _give(self, claim: Claim, id: str) -> None:
        self._ids[claim.path] = id
        self._holders[id] = claim.path

    def _holder(self, id: str) -> str:
        """The file that has an id, "" where none has."""
        return self._holders.get(id) or self._settled.get(id, "")

    def _waiting(self) -> list[Claim]:
        return [claim for claim in self._claims.values() if claim.path not in self._ids]

    def keep(self) -> None:
        """Who is not looked at keeps its id, and so does who asks for the id that it has, or for none and has one made for it."""
        having = [(claim, self._has[claim.path]) for claim in self._waiting() if claim.path in self._has]
        for claim, id in having:
            if claim.settled or claim.asked == id or (not claim.asked and _is_made(id, claim.made)):
                self._give(claim, id)

    def give_asked(self) -> None:
        """Who asks for an id gets it where it is free."""
        for claim in self._waiting():
            if claim.asked and not self._holder(claim.asked):
                self._give(claim, claim.asked)

    def give_made(self) -> None:
        """All others get one that is made of their names."""
        for claim in self._waiting():
            made = self._made(claim, self._has.get(claim.path, ""))
            self._give(claim, next(id for id in made if self._is_free(id, claim)))

    def _made(self, claim: Claim, has: str) -> Iterator[str]:
        """The ids that may be made of a file's name, the best first."""
        if _is_made(has, claim.made):
            yield has
        yield claim.made
        # Whoever holds a number keeps it, so nobody after needs to ask for it: a folder of names in another script has one id.
        first = self._numbers.get(claim.made, 2)
        while self._holder(f"{claim.made}-{first}"):
            first += 1
        self._numbers[claim.made] = first
        for number in count(first):
            yield f"{claim.made}-{number}"

    def _is_free(self, id: str, claim: Claim) -> bool:
        """Whether a made id may be this file's: nobody else has it, or had it. A renamed file is the same one."""
        if self._holder(id) or self._aliases.get(id, claim.path) != claim.path:
            return False
        before = self._ledger.get(id)
        if before is None or before.path == claim.path:
            return True
        return before.version == claim.version and before.path not in self._paths

    @cached_property
    def _paths(self) -> set[str]:
        """Those of all files in the collection."""
        return {*self._claims, *self._settled.values()}

    def names(self) -> dict[str, Name]:
        """The ids with their aliases: no alias is the id of a document, or leads to two; who has one keeps it."""
        taken: dict[str, str] = {}
        for held in self._ledger.values() if self._aliases else ():
            if held.aliases and not held.removed and held.path in self._ids:
                wanted = self._claims[held.path].aliases
                taken |= {alias: held.path for alias in held.aliases if alias in wanted and not self._holder(alias)}
        return {path: self._name(claim, taken) for path, claim in self._claims.items()}

    def _name(self, claim: Claim, taken: dict[str, str]) -> Name:
        id = self._ids[claim.path]
        if not claim.aliases and claim.asked in ("", id):
            return Name(id, claim.asked)
        mine: list[str] = []
        refused: list[tuple[str, str]] = []
        for alias in dict.fromkeys(claim.aliases):
            holder = self._holder(alias) or taken.setdefault(alias, claim.path)
            if holder != claim.path:
                refused.append((alias, holder))
            elif alias != id:
                mine.append(alias)
        lost = bool(claim.asked) and claim.asked != id
        return Name(
            id=id,
            asked=claim.asked,
            holder=self._holder(claim.asked) if lost else "",
            aliases=tuple(mine),
            refused=tuple(refused),
        )


def _is_made(id: str, made: str) -> bool:
    return id == made or (id.startswith(made) and bool(_NUMBER.fullmatch(id.removeprefix(made))))
