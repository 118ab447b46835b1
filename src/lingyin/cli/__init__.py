"""One file per verb; heavy imports inside the functions."""
