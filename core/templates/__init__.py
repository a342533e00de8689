"""What is written: templates, their immutable versions, compiling once and rendering per contact."""
