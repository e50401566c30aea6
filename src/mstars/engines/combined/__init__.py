"""The engine combined: the other engines' labels as one, weighted by the covariance of their errors."""
