"""The data engine: a registry of public sets, readers of their layouts, and what makes one clean corpus of many."""
