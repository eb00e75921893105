"""Baza wiedzy: a searchable knowledge base of thematic reports, guides and news for local governments."""

import gc
import os

USUAL_COLLECTIONS = gc.get_threshold()
"""How many objects Python makes before it looks for cycles, for who runs on for long."""

# What is made while libraries load stays: to look through it again and again takes as long as a quarter of the loading.
gc.set_threshold(100_000)
# Pydantic would look for plugins of its own in every package that is installed.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
