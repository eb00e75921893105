"""OAI-PMH 2.0: descriptions of all documents, and of those that have left, for libraries that keep copies of them.

``requests`` says what a harvester asks for, or what is wrong with it; ``answers`` is what it gets, as XML; ``routes`` is the
address. Everything comes from the ledger, which knows what changed when, so that an answer holds whatever is indexed meanwhile.
"""
