"""The local web app over a folder of runs, campaigns and loops.

It computes nothing itself: laws, plans, figures and predictions come from the packages that
have them, and work is done by ordinary ``forescale`` processes.
"""
