"""The shapes of plain text and Markdown, a module a shape."""
