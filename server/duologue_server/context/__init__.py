"""Text in, bounded digest out: documents, trees, what is around the cursor. No I/O, no clock."""
