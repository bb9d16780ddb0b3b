"""What a cell shows: fragments of HTML, figures, SVG, progress; no ipywidgets."""
