"""What repeats, plates and spot checks say about a survey."""
