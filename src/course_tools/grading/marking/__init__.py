"""A page on this machine where essays are marked: by criterion, by keyboard, without names."""
