"""This work beside other surveys, other catalogues and the paper's own numbers."""
