"""Documents of word processors, read as the lines or blocks of a page."""
