"""Web pages: their blocks, the labels that they mark up, what their heads say."""
