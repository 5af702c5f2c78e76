(source_file) @here
