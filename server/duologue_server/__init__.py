"""The backend of spoken pair programming: a language server and a voice process."""

__version__ = "0.1.0"
