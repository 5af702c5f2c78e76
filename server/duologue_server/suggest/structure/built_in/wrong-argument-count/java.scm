(method_invocation !object name: (identifier) @name @self arguments: (argument_list) @arguments) @here
