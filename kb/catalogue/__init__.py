"""The catalogue: taxonomy, front matter, sidecars and defaults → checked metadata of a document.

Bad metadata never hides a document. Each problem is a warning that names file, key, value and the nearest known one, and the
document goes in without that value. Only a taxonomy that cannot be used at all is an error: it holds for every document.

``files`` reads YAML files, ``fields`` says what their values may be and in Polish what is wrong with them, ``dates`` reads days
as people write them, ``taxonomy`` loads the taxonomy, ``metadata`` checks the keys of a document, ``inputs`` hashes all that
they come from, and ``describe`` puts a document together.
"""

from kb.catalogue.describe import Asked, Catalogue, id_of_path
from kb.catalogue.fields import problems
from kb.catalogue.files import DEFAULTS_FILE, Beside, read_yaml
from kb.catalogue.inputs import file_inputs, folder_inputs
from kb.catalogue.taxonomy import TAXONOMY_FILE, load_taxonomy

__all__ = [
    "DEFAULTS_FILE",
    "TAXONOMY_FILE",
    "Asked",
    "Beside",
    "Catalogue",
    "file_inputs",
    "folder_inputs",
    "id_of_path",
    "load_taxonomy",
    "problems",
    "read_yaml",
]
