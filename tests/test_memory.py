"""What a server has taken for one request goes back to the system after it."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

_TAKE = """
import asyncio, threading
from pathlib import Path
from kb.memory import keep_tidy

def taken():
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) // 1024

def work():
    # The last piece stays in use, as some always does: what is free below it does not go back by itself.
    pieces = [b"x" * 50_000 for _ in range(2_000)]
    kept.append(pieces[-1])

async def main():
    tidy = asyncio.create_task(keep_tidy(lambda: answered, 0.0))
    while taken() > before + 30:
        await asyncio.sleep(0)
    tidy.cancel()

kept, answered = [], 0
before = taken()
thread = threading.Thread(target=work)
thread.start()
thread.join()
after = taken()
answered += 1
asyncio.run(main())
print(after - before > 60)
"""


@pytest.mark.skipif(
    not (Path("/proc/self/status").exists() and hasattr(ctypes.CDLL(None), "malloc_trim")),
    reason="only Linux tells how much memory a process has, and only glibc has to be asked",
)
def test_free_memory_goes_back() -> None:
    """A thread's heap that is free but for one piece is given back once a request has been answered."""
    ran = subprocess.run([sys.executable, "-c", _TAKE], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout == "True\n"
