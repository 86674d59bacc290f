"""HTTP itself: messages, and the two doors through which they come."""
