"""Finding: what else is shown of what the engine found.

``snippets`` mark the words and cut the fragment, ``answer`` chooses a sentence to quote, ``related`` finds similar documents,
``relax`` offers looser searches, ``suggest`` completes what is being typed.
"""
