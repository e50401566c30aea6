"""The figures. Each module draws one kind of figure from tables and arrays, and writes no file."""
