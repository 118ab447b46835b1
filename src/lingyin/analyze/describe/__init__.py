"""Describing: what a lesion looks like, read from its outline and the picture alone, in the words of a lexicon; what
cannot be read stays open."""
