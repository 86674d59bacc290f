"""The plain rules: pages, voters, addresses, sites, limits; no process, no clock, no disk."""
