"""The paper's figures, tables and numbers, from the tables of a run."""
