"""SLAM (Li et al. 2021): the flux of each pixel as a support vector regression on the labels, fitted to spectra."""
