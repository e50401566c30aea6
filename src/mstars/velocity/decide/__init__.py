"""Which LAMOST velocities to doubt and what to put in their place (section 3.4.3, Fig. 10, Table 7)."""
