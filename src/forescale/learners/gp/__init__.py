"""Gaussian processes whose whole learning curves come from one factorisation."""
