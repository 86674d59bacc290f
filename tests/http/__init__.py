"""The two doors, tested over real sockets."""
