"""The program ``kb``, as ``python -m kb`` too: the command line, loaded quickly and ended at once."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from contextlib import suppress

_OBJECTS_BETWEEN_COLLECTIONS = 100_000


def main() -> None:
    """Run a command. To take apart at the end all that was loaded and made would take a tenth of a second."""
    usual = gc.get_threshold()
    # What is made while libraries load stays: to look through it again and again takes a quarter of the time of loading.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    # Pydantic would look for plugins of its own in every package that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from kb.cli import app

    gc.set_threshold(*usual)
    try:
        app()
    except SystemExit as end:
        if threading.active_count() == 1 and isinstance(end.code, int):
            with suppress(OSError, ValueError):  # the usual end tells what is wrong with the output
                sys.stdout.flush()
                sys.stderr.flush()
                atexit._run_exitfuncs()  # noqa: SLF001 - who asked to be told of the end is told
                os._exit(end.code)
        raise


if __name__ == "__main__":
    main()
