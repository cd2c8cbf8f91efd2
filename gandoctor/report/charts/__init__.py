"""Charts: which curves the report shows, and how each is drawn."""
