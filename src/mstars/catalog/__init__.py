"""The products for people: their columns, their rows, their formats."""
