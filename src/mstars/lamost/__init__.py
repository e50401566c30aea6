"""LAMOST low-resolution spectra: names, file formats, catalogues, the plan of a survey and the ingest of its files."""
