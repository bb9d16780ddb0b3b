"""Release sheets, grade a class of them without trusting its code, give feedback."""
