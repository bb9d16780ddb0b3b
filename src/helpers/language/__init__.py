"""Which language a student reads, every message of the helpers, and numbers as people type them."""
