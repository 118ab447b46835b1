"""A robot in a box: a simulated aorta, a simulated probe over it, and a controller that sees only the stream."""
