"""A process that reads a stranger's file gives up what it does not need: the network, programs, all other files.

The kernel of Linux offers this to anyone: no new privileges, a seccomp filter (calls that are refused) and Landlock (files
that may be touched). All three are a few system calls, made here by ctypes: what wraps them on PyPI is either unfinished or
needs a library of the system. What a kernel does not offer is left out, and ``offered`` says so.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import stat
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import kb


@dataclass(frozen=True, slots=True)
class Reach:
    """What a reader needs besides the file that it is given: files, folders that it writes to, and other programs."""

    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()
    programs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What the kernel does for us; ``landlock`` is the version of its interface, 0 where there is none."""

    privileges: bool = False
    seccomp: bool = False
    landlock: int = 0

    @property
    def state(self) -> str:
        """The same for people."""
        held = [
            *(["bez sieci i obcych programów (seccomp)"] if self.seccomp else []),
            *(["bez nowych uprawnień"] if self.privileges else []),
            *(["tylko wskazany plik (Landlock)"] if self.landlock else []),
        ]
        return ", ".join(held) or "jądro systemu nie daje ochrony; działają limity czasu i pamięci"


# <linux/prctl.h>, <linux/seccomp.h>, <linux/filter.h>, <linux/audit.h>
_SET_NO_NEW_PRIVS, _GET_NO_NEW_PRIVS, _SET_SECCOMP = 38, 39, 22
_FILTER_MODE = 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES
_OTHER_NUMBERS = 0x40000000
"""From here on calls of x86-64 are numbered once more, for another length of addresses."""


@dataclass(frozen=True, slots=True)
class _Calls:
    """The numbers of system calls on one kind of processor.

    ``always`` are refused to all: socket, ptrace, process_vm_readv, process_vm_writev, io_uring_setup, pidfd_getfd.
    ``programs`` are execve and execveat.
    """

    architecture: int
    always: tuple[int, ...]
    programs: tuple[int, ...]


_CALLS = {
    "x86_64": _Calls(0xC000003E, (41, 101, 310, 311, 425, 438), (59, 322)),
    "aarch64": _Calls(0xC00000B7, (198, 117, 270, 271, 425, 438), (221, 281)),
}

# <linux/landlock.h>; the numbers of its calls are the same on all processors.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_LINK, _TRUNCATE, _IOCTL = 1 << 12, 1 << 14, 1 << 15
_RIGHTS_SINCE = ((1, (1 << 13) - 1), (2, 1 << 13), (3, _TRUNCATE), (5, _IOCTL))
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
"""Rights that a rule for a file may name; the rest are those of folders."""
_NETWORK_SINCE, _SCOPES_SINCE = 4, 6
_TCP = 0b11
_SCOPES = 0b11
"""No abstract sockets of others, no signals to others."""

_FONTS = ("/usr/share/fonts", "/usr/share/X11/fonts", "/usr/local/share/fonts")
"""Where PDFium looks for fonts that a file does not bring."""
_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/opt", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts")
"""What programs need to start."""


class _Instruction(ctypes.Structure):
    _fields_: ClassVar = [
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    ]


class _Program(ctypes.Structure):
    _fields_: ClassVar = [("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction))]


class _Ruleset(ctypes.Structure):
    _fields_: ClassVar = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64)]


class _Rule(ctypes.Structure):
    _pack_ = 1
    _fields_: ClassVar = [("rights", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def offered() -> Offered:
    """What the kernel would do for a reading process started now; this process stays as it is."""
    if not _is_linux():
        return Offered()
    library = ctypes.CDLL(None, use_errno=True)
    # A filter at no address is refused for the address where filters are known, for the mode where they are not.
    refused = library.prctl(_SET_SECCOMP, _FILTER_MODE, None, 0, 0) and ctypes.get_errno()
    return Offered(
        privileges=library.prctl(_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0,
        seccomp=refused == errno.EFAULT and platform.machine() in _CALLS,
        landlock=_landlock_version(library),
    )


def confine(files: Iterable[Path], reach: Reach) -> Offered:
    """Give up, for good, all but reading these files and what ``reach`` names; what of it the kernel did.

    Whatever is open stays open, and what the program itself and the system's fonts are made of can be read.
    """
    if not _is_linux():
        return Offered()
    library = ctypes.CDLL(None, use_errno=True)
    # Without it nobody but root may ask for the other two.
    privileges = library.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    return Offered(
        privileges=privileges,
        landlock=_restrict_files(library, files, reach) if privileges else 0,
        seccomp=privileges and _refuse_calls(library, programs=reach.programs),
    )


def _is_linux() -> bool:
    return sys.platform == "linux"


def _refuse_calls(library: ctypes.CDLL, *, programs: bool) -> bool:
    """Have the kernel refuse sockets, looking into other processes and, unless ``programs``, other programs."""
    calls = _CALLS.get(platform.machine())
    if calls is None:
        return False
    refused = (*calls.always, *(() if programs else calls.programs))
    last = len(refused) + 1  # steps from the first number to the refusal: the other numbers, and the permission
    lines = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_EQUAL, 0, last + 2, calls.architecture),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, last, 0, _OTHER_NUMBERS),
        *((_EQUAL, last - 1 - i, 0, number) for i, number in enumerate(refused)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    instructions = (_Instruction * len(lines))(*(_Instruction(*line) for line in lines))
    program = _Program(len(lines), instructions)
    return bool(library.prctl(_SET_SECCOMP, _FILTER_MODE, ctypes.byref(program), 0, 0) == 0)


def _landlock_version(library: ctypes.CDLL) -> int:
    return max(0, int(library.syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)))


def _restrict_files(library: ctypes.CDLL, files: Iterable[Path], reach: Reach) -> int:
    """Leave these files and no others, by Landlock; its version, 0 where it is not there or refuses."""
    version = _landlock_version(library)
    if not version:
        return 0
    handled = sum(rights for since, rights in _RIGHTS_SINCE if version >= since)
    ruleset = _Ruleset(
        handled,
        _TCP if version >= _NETWORK_SINCE else 0,
        _SCOPES if version >= _SCOPES_SINCE else 0,
    )
    # Older kernels know the first fields only.
    size = 8 * (1 + (version >= _NETWORK_SINCE) + (version >= _SCOPES_SINCE))
    rules = library.syscall(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(size), 0)
    if rules < 0:
        return 0
    try:
        reading = _READ_FILE | _READ_FOLDER
        _allow(library, rules, [*_own_code(), *map(Path, _FONTS), *files, *reach.reads], reading)
        if reach.programs:
            tessdata = os.environ.get("TESSDATA_PREFIX")
            _allow(library, rules, [*map(Path, _SYSTEM), *([Path(tessdata)] if tessdata else [])], reading | _EXECUTE)
            _allow(library, rules, [Path(os.devnull)], _READ_FILE | _WRITE_FILE)
        refused = _EXECUTE | _IOCTL | (0 if reach.programs else _MAKE_LINK)
        _allow(library, rules, reach.writes, handled & ~refused)
        return version if library.syscall(_RESTRICT_SELF, rules, 0) == 0 else 0
    finally:
        os.close(rules)


def _allow(library: ctypes.CDLL, rules: int, paths: Sequence[Path], rights: int) -> None:
    """Add paths to the rules; one that is not there cannot be read anyway."""
    for path in paths:
        with suppress(OSError):
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
                rule = _Rule(rights if folder else rights & _OF_FILES, descriptor)
                library.syscall(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(rule), 0)
            finally:
                os.close(descriptor)


def _own_code() -> list[Path]:
    """Where modules come from that are imported only when they are needed, encodings for one."""
    paths = sysconfig.get_paths()
    return [Path(kb.__path__[0]), *(Path(paths[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib"))]
