"""The site's pages: ``routes`` has the addresses, the other modules make a page's context each; templates hold no logic."""
