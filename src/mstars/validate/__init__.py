"""How good is the catalogue: a simulated survey against its truth."""
