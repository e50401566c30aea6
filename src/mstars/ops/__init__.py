"""Around a run: jobs, cluster checks, progress, verification, provenance, bundles, comparison, the command line."""
