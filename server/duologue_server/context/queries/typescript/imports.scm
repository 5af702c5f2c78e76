(import_statement source: (string) @import)
((call_expression function: (identifier) @_function arguments: (arguments (string) @import)) (#eq? @_function "require"))
