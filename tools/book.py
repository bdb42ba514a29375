"""Entry of `./evolve book`; the work is done by the package of the same name."""

from book.build import main

if __name__ == "__main__":
    main()
