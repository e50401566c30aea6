"""Files between rules, written whole or not at all: stores, tables, JSON, and external tables of every format."""
