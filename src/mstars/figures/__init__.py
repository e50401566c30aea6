"""The paper's figures, one function each, from the tables the workflow writes."""
