"""`python -m hetwin` is `hetwin`."""

from hetwin.cli import main

main()
