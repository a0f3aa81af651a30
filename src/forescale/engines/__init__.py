"""Engines, one a file; each imports its programs only when it is used."""
