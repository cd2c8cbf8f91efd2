"""Reading: what a recorded run shows, where rules of several kinds need it."""
