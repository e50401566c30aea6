"""The config: a typed model for each section, from which defaults, schema, documentation and error messages come."""
