"""`python -m gandoctor`: the command line."""

from gandoctor.cli import main

if __name__ == "__main__":
    main()
