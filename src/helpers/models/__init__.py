"""Small real models of the three architectures, and how they are trained."""
