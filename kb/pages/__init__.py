"""The site: ``routes`` and ``file_routes`` have the addresses, the others make what is there; templates hold no logic."""
