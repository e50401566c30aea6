"""The paper's figures, tables and numbers, made from a survey's catalogues."""
