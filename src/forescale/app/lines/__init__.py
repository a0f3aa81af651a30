"""One line for each run, campaign and loop: how the home page tells of it."""
