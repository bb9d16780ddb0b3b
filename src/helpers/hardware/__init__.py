"""Graphics cards as they are sold: memory and speed, each with its source."""
