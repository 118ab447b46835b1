"""A user's own pictures as examples: tables and folders read, checked and brought to the network's square."""
