"""The rules behind `./evolve check`, one module for each thing that they look at."""
