"""Document: self-contained HTML from one set of templates."""
