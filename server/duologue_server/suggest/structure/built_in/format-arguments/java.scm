((method_invocation object: (identifier) @of name: (identifier) @name arguments: (argument_list) @arguments) @here (#eq? @of "String") (#eq? @name "format"))
