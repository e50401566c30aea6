"""The paper's convolutional networks (Li et al. 2025, section 3.3): training, model folders, prediction."""
