"""A survey whose truth is known, written as genuine LAMOST files and catalogues."""
