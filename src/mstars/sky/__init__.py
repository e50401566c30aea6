"""Sky positions: crossmatches, star identity, Gaia criteria, colour-magnitude diagram, extinction."""
