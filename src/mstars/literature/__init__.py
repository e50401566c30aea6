"""Other catalogues beside ours."""
