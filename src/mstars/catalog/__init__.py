"""The catalogues that people use: their columns, rows and file formats."""
