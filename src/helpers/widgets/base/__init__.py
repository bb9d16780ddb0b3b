"""What all widgets share: a state that hears, a widget that chooses its view, three base views."""
