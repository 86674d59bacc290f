"""Tests, on real parts."""
