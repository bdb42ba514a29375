#!/usr/bin/env python3
"""Records a real run of a stage's sample, which the book replays step by step."""

from record.driver import main

if __name__ == "__main__":
    main()
