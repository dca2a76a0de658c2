"""`python -m surveillance` is the command `surveillance`."""

from surveillance.cli import main

main()
