"""What repeated spectra, plates and spot checks tell about a survey."""
