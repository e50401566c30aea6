"""What people decide about spectra: queues to look at, and decisions taken up."""
