"""How figures look: colours, ticks, matplotlib for papers, Plotly for pages.

Knows numbers and words, nothing of laws or runs.
"""
