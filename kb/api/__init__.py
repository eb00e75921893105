"""The JSON API: ``contract`` has the shape of each answer, ``responses`` makes them of results, ``routes`` has the addresses."""
