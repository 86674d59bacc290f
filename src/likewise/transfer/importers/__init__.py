"""Likes that were counted elsewhere: one module for each place they come from."""
