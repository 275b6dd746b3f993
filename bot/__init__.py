"""Ventanilla: one conversation about public procedures, on any phone."""
