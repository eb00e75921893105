"""Reading: what was typed → what is asked.

``query`` parses text into clauses, ``params`` reads a request's parameters, ``reader`` turns clauses into concepts for the
engine with the help of ``vocabulary`` (repair) and ``synonyms``.
"""
