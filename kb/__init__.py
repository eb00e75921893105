"""Baza wiedzy: a searchable knowledge base of thematic reports, guides and news for local governments."""
