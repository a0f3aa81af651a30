"""Boosted trees and a process as source stages, weighed by what measured values say of them."""
