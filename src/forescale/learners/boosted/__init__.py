"""Boosted trees as the source stage of transfer."""
