"""The review desk: a page on which a reviewer decides a spectrum with one key press."""
