"""``python -m lacunar`` is the same as the command ``lacunar``."""

from lacunar.cli import main

if __name__ == "__main__":
    main()
