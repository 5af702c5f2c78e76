"""The one mutable state of the language server: documents, agenda, conversation, and the voice process."""
