"""Facts, each with one owner: constants, labels, bands, flags, errors, the config, reference tables."""
