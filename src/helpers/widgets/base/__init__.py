"""The common parts of all widgets: state, widget, and three views."""
