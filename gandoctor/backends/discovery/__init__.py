"""Which networks of a program play against each other and when a step ends, told by what they do; no framework."""
