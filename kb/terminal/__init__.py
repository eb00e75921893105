"""What the commands print, as text for a person or, with ``as_json``, for programs."""
