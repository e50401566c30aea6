"""Runs of the workflow, seen from outside: what they took, how far they are, and whether their files are whole."""
