"""The book: one site around the chapters, built into build/book."""
