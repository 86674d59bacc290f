"""Likewise: the like button that you own."""

__version__ = "0.1.0"
