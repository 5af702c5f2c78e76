(import_statement (_) @import)
