((function_call name: (identifier) @_function arguments: (arguments (string) @import)) (#eq? @_function "require"))
