(method_invocation object: (identifier) @of name: (identifier) @name arguments: (argument_list) @arguments) @here
