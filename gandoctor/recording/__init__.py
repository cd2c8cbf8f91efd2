"""Recording: the framework-free half of monitoring. It measures and writes; it never judges."""
