"""The program ``kb``, as ``python -m kb`` too: the command line, loaded quickly."""

from __future__ import annotations

import gc
import os

_OBJECTS_BETWEEN_COLLECTIONS = 100_000


def main() -> None:
    """Run a command."""
    usual = gc.get_threshold()
    # What is made while libraries load stays: to look through it again and again takes a quarter of the time of loading.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    # Pydantic would look for plugins of its own in every package that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from kb.cli import app

    gc.set_threshold(*usual)
    app()


if __name__ == "__main__":
    main()
