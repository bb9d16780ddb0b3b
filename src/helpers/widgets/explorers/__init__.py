"""The explorers of the lessons: attention, trained blocks, sampling, softmax."""
