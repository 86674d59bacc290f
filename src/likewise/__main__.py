"""`python -m likewise`, the same as the `likewise` command."""

from likewise.cli import main

raise SystemExit(main())
