"""Kinds of equipment, one file each: card and kernel. Every module here is loaded with the package."""
