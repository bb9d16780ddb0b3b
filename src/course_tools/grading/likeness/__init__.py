"""Which answers of a class are more alike than randomly paired ones: a list for a person."""
