"""The web API: routes, and handlers that parse, refuse, ask the store once, and answer."""
