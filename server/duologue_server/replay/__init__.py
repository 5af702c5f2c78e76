"""Session folders through the whole product, without an editor, a sound card or a person."""
