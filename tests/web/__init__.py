"""One suite for the web API, run through every door that leads to it."""
