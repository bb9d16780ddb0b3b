"""What answers on a page without a kernel: quizzes, the course's explorers, the KV calculator."""
