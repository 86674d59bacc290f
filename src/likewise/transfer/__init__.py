"""Likes on their way in and out: imports, backups, exports."""
