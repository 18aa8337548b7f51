"""Pipelines as pictures: of text, SVG, and the languages of Mermaid and Graphviz."""
