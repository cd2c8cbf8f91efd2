"""Test code that several test files share; holds no tests."""
