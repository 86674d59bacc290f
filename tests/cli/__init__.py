"""The command line, as its user meets it: every command is a process."""
