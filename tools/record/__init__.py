"""Recordings of real runs, made from outside: the stages have no line for them."""
