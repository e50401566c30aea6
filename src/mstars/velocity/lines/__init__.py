"""Velocities from single lines: DSAL I, DSAL II and DSEL (section 3.4.3, Tables 5 and 6)."""
