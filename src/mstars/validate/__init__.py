"""How good the catalogue is: a simulated survey against its truth."""
