"""The page: what the HTML report shows, section by section."""
