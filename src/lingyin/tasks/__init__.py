"""The task kinds and the joint training of the default network."""
