"""``python -m forescale``: the command line."""

from forescale.cli.main import main

if __name__ == "__main__":
    main()
