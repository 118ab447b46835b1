"""Errors, records, the label tree and catalogues: what every other room speaks in. Knows no file format."""
