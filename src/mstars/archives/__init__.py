"""Catalogues and spectra fetched from their archives: over HTTP, by TAP with an upload, from VizieR."""
