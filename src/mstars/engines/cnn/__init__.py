"""CNN-TLMA of Li et al. (2025): ensembles of convolutional networks (section 3.4.4)."""
