"""Published spectra of known stars and galaxies as one library: fetched, checked, in vacuum, on one grid."""
