"""Is this sentence in the collection, and does it say the same there? ``words`` → ``compare`` ← ``places``.

``words`` reads a quotation and a page's text as words that can be compared; ``compare`` finds where words stand in others and
says what differs; both are pure. ``places`` asks the engine for the pages that may have the quotation, and judges.
"""
