"""The mini world: its grammar, exact answers, tasks, sentences and tokenizers."""
