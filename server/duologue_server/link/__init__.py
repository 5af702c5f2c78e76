"""The voice link: what the language server and the voice process say to each other, and how it travels."""
