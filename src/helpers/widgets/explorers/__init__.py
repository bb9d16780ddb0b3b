"""The explorers that several lessons use: reading, distribution → attention, sampling, softmax."""
