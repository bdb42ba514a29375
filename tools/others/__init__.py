"""What `./evolve dropin` is made of: judging a program, running it, and those that prove it."""
