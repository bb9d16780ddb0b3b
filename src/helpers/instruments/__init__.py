"""What a computation costs, and which token can see which."""
