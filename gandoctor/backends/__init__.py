"""Backends: one package a framework, each behind the same small protocol. Only backends import a framework."""
